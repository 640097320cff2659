import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AlertReport, VigilEvent } from '../../src/api/client/index.js';
import { connectToDaemon } from '../../src/api/client/index.js';
import type { ActionRow } from '../../src/store/records.js';
import { ask, health } from '../ask.js';
import { ScriptedApi } from '../diagnosis/scripted-api.js';

/**
 * A real incident from end to end: an agent session of an ordinary user is killed and leaves twelve servers
 * behind; a model is asked (a scripted one, which also suggests to end a bystander and pid 1), and vigil ends
 * exactly those twelve. A bystander with the same command line under a living session stays.
 */

const UID = 4242;
const ORPHANS = 12;
const VIGIL = resolve('bin/vigil');
const FIXTURES = resolve('test/daemon/fixtures');

interface Session {
  process: ChildProcess;
  pid: number;
  servers: number[];
}

describe.runIf(process.getuid?.() === 0)('twelve servers that a dead agent left behind', () => {
  let dir: string;
  let daemon: ChildProcess;
  let api: ScriptedApi;
  let dead: Session;
  let living: Session;

  const vigil = (...args: string[]) =>
    spawnSync(VIGIL, [...args, '--runtime-dir', join(dir, 'run')], { encoding: 'utf8' });
  const json = <T>(...args: string[]) => JSON.parse(vigil(...args, '--json').stdout) as T;
  const isAlive = (pid: number) => existsSync(`/proc/${pid}/root`);

  /** A program named claude, of an ordinary user, with servers of its own. */
  async function session(count: number): Promise<Session> {
    const process = spawn(
      join(dir, 'claude'),
      [join(dir, 'agent-session.py'), join(dir, 'server.py'), String(count)],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        uid: UID,
        gid: UID,
        cwd: dir,
      },
    );
    const line = await new Promise<string>(done => process.stdout!.once('data', text => done(String(text))));
    return { process, ...(JSON.parse(line) as { pid: number; servers: number[] }) };
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-incident-'));
    chmodSync(dir, 0o755);
    copyFileSync('/usr/bin/python3', join(dir, 'claude'));
    copyFileSync(join(FIXTURES, 'agent-session.py'), join(dir, 'agent-session.py'));
    copyFileSync(join(FIXTURES, 'mcp-server.py'), join(dir, 'server.py'));
    api = new ScriptedApi();
    await api.start();
    writeFileSync(
      join(dir, 'config.toml'),
      `[sampling]
sample_interval_normal_s = 1
sample_interval_alert_s = 1
[detection.duplicates]
enabled = false
[detection.orphan]
duration_s = 2
[detection.ghost_process_storm]
duration_s = 2
[actions]
mode = "auto"
grace_s = 2
[ai]
enabled = true
base_url = "${api.url}"
api_key_env = "INCIDENT_KEY"
[[agents]]
name = "incident"
paths = ["${dir}/claude"]
`,
    );
    const args = [
      'daemon',
      '--config',
      join(dir, 'config.toml'),
      '--runtime-dir',
      join(dir, 'run'),
      '--state-dir',
      join(dir, 'state'),
    ];
    daemon = spawn(VIGIL, args, {
      stdio: ['ignore', 'ignore', process.env.VIGIL_TEST_LOG ? 'inherit' : 'ignore'],
      env: { ...process.env, INCIDENT_KEY: 'sk-ant-incident-key' },
    });
    await vi.waitFor(() => health(join(dir, 'run')), { timeout: 60_000, interval: 300 });
    dead = await session(ORPHANS);
    living = await session(1);
    await vi.waitFor(
      async () =>
        expect((await ask(join(dir, 'run'), client => client.call('agents'))).map(({ pid }) => pid)).toEqual(
          expect.arrayContaining([dead.pid, living.pid]),
        ),
      {
        timeout: 60_000,
        interval: 300,
      },
    );
    // Whose the servers are must have been seen before their agent is gone.
    const looks = async () =>
      (await health(join(dir, 'run'))).collectors.find(({ name }) => name === 'processes')!.runs;
    const before = await looks();
    await vi.waitFor(async () => expect(await looks()).toBeGreaterThan(before + 1), {
      timeout: 60_000,
      interval: 300,
    });
  }, 240_000);

  afterAll(async () => {
    for (const one of [dead, living]) {
      for (const pid of one?.servers ?? []) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it is gone, as it should be
        }
      }
      one?.process.kill('SIGKILL');
    }
    if (daemon?.exitCode === null) {
      daemon.kill('SIGTERM');
      await new Promise(done => daemon.once('exit', done));
    }
    await api?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it('are reported once, explained, and ended: those and nobody else', { timeout: 240_000 }, async () => {
    const [bystander] = living.servers;
    api.script = [
      {
        kind: 'answer',
        answer: {
          diagnostic: 'Twelve MCP servers outlived their agent.',
          severity: 'high',
          actions: [
            {
              type: 'kill_process',
              target: `${bystander}`,
              command: `kill ${bystander}; rm -rf /`,
              risk: 'safe',
              explanation: 'x',
            },
            { type: 'kill_process', target: '1', command: 'kill 1', risk: 'safe', explanation: 'x' },
          ],
          prevention: 'Close the agent in its terminal.',
        },
      },
    ];
    dead.process.kill('SIGKILL');
    await vi.waitFor(() => expect(dead.servers.filter(isAlive)).toEqual([]), {
      timeout: 90_000,
      interval: 500,
    });
    expect(isAlive(bystander!)).toBe(true);
    expect(isAlive(living.pid)).toBe(true);

    await vi.waitFor(
      () => {
        const opened = events().filter(event => event.type === 'alert_opened');
        const resolved = events().filter(event => event.type === 'alert_resolved');
        expect(opened).toHaveLength(1);
        expect(resolved).toHaveLength(1);
      },
      { timeout: 90_000, interval: 1_000 },
    );
    const [alert] = json<AlertReport[]>('alerts', '--all').filter(isAbout);
    expect(alert).toMatchObject({ status: 'resolved' });
    expect(alert!.title).toContain(`${ORPHANS} orphans`);
    expect(alert!.subject.processes.map(({ pid }) => pid).sort()).toEqual([...dead.servers].sort());

    const actions = json<ActionRow[]>('actions').filter(({ alert_id }) => alert_id === alert!.id);
    const ended = actions.flatMap(({ targets }) => targets.map(({ pid }) => pid));
    expect(ended.sort()).toEqual([...dead.servers].sort());
    expect(actions[0]).toMatchObject({ mode: 'auto', requested_by: 'vigil itself' });
    expect(actions[0]!.result).toMatch(/^done/);

    const client = await connectToDaemon({ runtimeDir: join(dir, 'run') });
    const report = await client.call('report', { period_s: 3600 });
    client.close();
    expect(report.alerts.map(({ id }) => id)).toContain(alert!.id);
    expect(report.actions.map(({ id }) => id)).toEqual(expect.arrayContaining(actions.map(({ id }) => id)));
    expect(report.model.input_tokens).toBeGreaterThanOrEqual(1200);

    // What was sent holds no secret, and the model's wish was not its command.
    expect(JSON.stringify(api.requests.map(({ body }) => body))).not.toContain('sk-ant-incident-key');
    expect(api.requests.length).toBeGreaterThan(0);
  });

  /** Other things may be wrong with the machine that runs this. */
  function isAbout({ subject }: AlertReport): boolean {
    return subject.processes.some(({ pid }) => dead.servers.includes(pid) || living.servers.includes(pid));
  }

  function events(): VigilEvent[] {
    return vigil('events', '--json')
      .stdout.trim()
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as VigilEvent)
      .filter(event => event.type !== 'agent_state' && isAbout(event.alert));
  }
});
