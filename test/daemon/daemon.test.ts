import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentStateEvent, HealthReport } from '../../src/api/client/index.js';
import { ask, health } from '../ask.js';
import { MemoryCgroup } from './memory-cgroup.js';

/** The built program, as a person runs it, with one agent that is as hostile as can be. */

const VIGIL = resolve('bin/vigil');
const FIXTURE = resolve('test/daemon/fixtures/hostile-agent.py');
const BOMB = resolve('test/fixtures/memory_bomb.py');
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;

vi.setConfig({ testTimeout: 90_000 });

let dir: string;
let daemon: ChildProcess;
let agent: ChildProcess;
let pid: number;

const vigil = (...args: string[]) =>
  spawnSync(VIGIL, [...args, '--runtime-dir', join(dir, 'run')], { encoding: 'utf8' });
/** The machine may run agents of its own. */
const agents = async () =>
  (await ask(join(dir, 'run'), client => client.call('agents'))).filter(
    ({ agent: name }) => name === 'evil' || name === 'bomb',
  );
const log = () => readFileSync(join(dir, 'log'), 'utf8');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-daemon-'));
  writeFileSync(
    join(dir, 'config.toml'),
    `[[agents]]\nname = "evil"\npaths = ["${FIXTURE}"]\nargv_contains = ["--agent"]\n[[agents]]\nname = "bomb"\npaths = ["${BOMB}"]\n`,
  );
  const command = `exec ${VIGIL} daemon --log-format journal --config ${dir}/config.toml --runtime-dir ${dir}/run --state-dir ${dir}/state --record ${dir}/record.jsonl 2>${dir}/log`;
  daemon = spawn('sh', ['-c', command], { stdio: 'ignore' });
  await vi.waitFor(() => health(join(dir, 'run')), { timeout: 60_000, interval: 200 });
  agent = spawn('python3', [FIXTURE, dir], { stdio: 'ignore' });
  await vi.waitFor(async () => expect(await agents()).toHaveLength(1), { timeout: 60_000, interval: 100 });
  pid = (await agents())[0]?.pid as number;
}, 150_000);

afterAll(async () => {
  const gone = (child: ChildProcess | undefined) =>
    child === undefined || child.exitCode !== null || child.signalCode !== null
      ? undefined
      : new Promise(done => child.once('exit', done));
  agent?.kill('SIGKILL');
  daemon?.kill('SIGTERM');
  await Promise.all([gone(agent), gone(daemon)]);
  rmSync(dir, { recursive: true, force: true });
});

describe('an agent whose names are hostile', () => {
  it('is shown, and comes out of its wait for a line as WAITING', async () => {
    await vi.waitFor(
      async () =>
        expect((await agents())[0]).toMatchObject({ agent: 'evil', state: 'WAITING', reason: 'input' }),
      { timeout: 60_000, interval: 200 },
    );
    const [report] = await agents();
    expect(report?.cwd).toContain('e'.repeat(200));
    expect(report?.command).toContain('x'.repeat(300));
    expect(report?.command).toContain('|$(id)');
  });

  it('cannot reach the terminal of who looks', () => {
    for (const args of [['agents'], ['agents', 'explain', String(pid)], ['events'], ['health']]) {
      const { stdout, stderr } = vigil(...args);
      expect(stdout).not.toMatch(CONTROL);
      expect(stderr).toBe('');
    }
    const rows = vigil('agents')
      .stdout.split('\n')
      .filter(row => row.includes('evil'));
    // One row, whatever it is called: none is torn, and none looks like another's.
    expect(rows.filter(row => !/^ *\d+ /.test(row))).toEqual([]);
    expect(rows.filter(row => row.trimStart().startsWith(`${pid} `))).toHaveLength(1);
  });

  it('cannot break the JSON of events', () => {
    const lines = vigil('events', '--json').stdout.trim().split('\n');
    const events = lines.map(line => JSON.parse(line) as AgentStateEvent);
    // There may be alerts, too: about whatever else happens on this machine.
    expect(events.some(event => event.type === 'agent_state' && event.pid === pid)).toBe(true);
  });

  it('cannot forge a line of the log', () => {
    for (const line of log().trim().split('\n')) expect(line).toMatch(/^<[2-7]>/);
    expect(log()).not.toMatch(CONTROL);
  });

  it('is in the recording, which replays to the same', () => {
    const replayed = vigil(
      'replay',
      join(dir, 'record.jsonl'),
      '--json',
      '--config',
      join(dir, 'config.toml'),
    );
    expect(replayed.stderr).toBe('');
    const states = replayed.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as AgentStateEvent);
    const ours = states.filter(state => state.pid === pid);
    expect(ours.map(({ to, reason }) => `${to} ${reason}`)).toEqual(['WAITING input']);
  });

  it('is seen to end, and by whom', async () => {
    process.kill(pid, 'SIGTERM');
    await vi.waitFor(async () => expect((await agents())[0]?.state).toBe('EXITED'), {
      timeout: 60_000,
      interval: 100,
    });
    const { tier } = (await health(join(dir, 'run'))).sensor;
    const known = tier !== 'procfs';
    expect((await agents())[0]).toMatchObject({
      reason: known ? 'signal' : 'exit',
      signal: known ? 'SIGTERM' : null,
    });
    if (known) expect((await agents())[0]?.signal_sender?.pid).toBe(process.pid);
  });
});

describe.runIf(process.getuid?.() === 0)('an agent that takes all memory', () => {
  it('is seen to be killed for it', async () => {
    const cgroup = MemoryCgroup.create(40 * 1024 * 1024);
    const bomb = spawn('python3', [BOMB, cgroup.procs], { stdio: 'ignore' });
    try {
      await new Promise(done => bomb.once('exit', done));
      expect(bomb.signalCode).toBe('SIGKILL');
      const report = async () => (await agents()).find(({ pid: id }) => id === bomb.pid);
      await vi.waitFor(
        async () =>
          expect(await report()).toMatchObject({ state: 'EXITED', reason: 'oom', signal: 'SIGKILL' }),
        {
          timeout: 60_000,
          interval: 100,
        },
      );
      expect((await report())?.evidence.text).toBe('the kernel killed it for want of memory');
    } finally {
      bomb.kill('SIGKILL');
      cgroup.remove();
    }
  });
});

describe('the daemon', () => {
  it('survives the death of its kernel programs, says so, and has them back', async () => {
    const before = JSON.parse(vigil('health', '--json').stdout) as HealthReport;
    const program = before.sensor.programs.find(({ name }) => name === 'lifecycle');
    if (program?.pid == null) return expect(before.sensor.tier).toBe('procfs');
    process.kill(program.pid, 'SIGKILL');
    await vi.waitFor(
      () => {
        const { sensor, problems } = JSON.parse(vigil('health', '--json').stdout) as HealthReport;
        expect(sensor.programs[0]).toMatchObject({ state: 'running', restarts: 1 });
        expect(problems.join()).toContain('all processes were looked at again');
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(vigil('health').status).toBe(1);
  });

  it('leaves nothing running when it is told to stop', async () => {
    const { sensor } = JSON.parse(vigil('health', '--json').stdout) as HealthReport;
    const pids = sensor.programs.map(program => program.pid).filter(id => id !== null);
    const ended = new Promise(done => daemon.once('exit', done));
    daemon.kill('SIGTERM');
    await ended;
    expect(daemon.exitCode).toBe(0);
    expect(pids.filter(id => existsSync(`/proc/${id}`))).toEqual([]);
    expect(vigil('agents').status).toBe(2);
  });
});
