import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertReport } from '../../../src/api/client/index.js';
import { Misbehaving } from '../../outputs/helpers/misbehaving.js';
import { GuardedMachine } from '../guarded.js';
import { until } from '../until.js';

/** The built daemon, whose file changes under it while an alert is open. */

const RULE = 'cpu_high';
const machine = new GuardedMachine();
const programs = new Misbehaving();
const file = join(machine.dir, 'config.toml');
const lines = (name: string): { type: string; alert: AlertReport }[] => {
  const path = join(machine.dir, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line));
};
let mine: (alert: AlertReport) => boolean;

const health = () => machine.health();
const set = (key: string, value: string) => machine.vigil('config', 'set', key, value, '--config', file);

function ask(request: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(machine.dir, 'run', 'vigil.sock'));
    socket.on('error', reject);
    createInterface({ input: socket }).once('line', line => {
      socket.destroy();
      resolve(JSON.parse(line));
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

beforeAll(async () => {
  await machine.start(`# of this test
log_file.path = "${machine.dir}/first.jsonl"
[sampling]
sample_interval_normal_s = 0.5 # often
sample_interval_alert_s = 0.5
[detection]
cpu_high = { threshold_percent = 15, duration_s = 1 }
`);
  const program = await programs.start('spinner.py');
  mine = ({ rule, subject }) => rule === RULE && subject.processes.some(({ pid }) => pid === program.pid);
  await until('the alert', () => machine.about(mine).length > 0);
}, 300_000);

afterAll(async () => {
  programs.remove();
  await machine.remove();
}, 150_000);

const said = (type: string) => machine.about(mine).filter(event => event.type === type);

describe('while an alert is open', { timeout: 300_000 }, () => {
  it('what can be taken over is, and the alert stays the one that it is', async () => {
    const { stdout } = await set('log_file.path', `${machine.dir}/second.jsonl`);
    expect(stdout).toContain('In effect now: log_file.path.');
    await set('detection.cpu_high.duration_s', '2');
    await set('sampling.sample_interval_normal_s', '0.6');
    await set('detection.memory_leak.window_minutes', '7');
    process.kill((await health()).pid, 'SIGHUP');
    await set('log_level', 'debug');
    const { open_alerts } = await health();
    expect(open_alerts).toBeGreaterThan(0);
    expect((await machine.alerts()).filter(mine)).toHaveLength(1);
    expect(said('alert_opened')).toHaveLength(1);
    expect(said('alert_resolved')).toHaveLength(0);
    expect(readFileSync(file, 'utf8')).toContain('sample_interval_normal_s = 0.6 # often\n');
  });

  it('what vigil does and whom it asks changes at once', async () => {
    expect((await health()).model.unavailable).toContain('ai.enabled is false');
    await set('ai.enabled', 'true');
    await set('ai.api_key_env', 'NOBODY_HAS_THIS_KEY');
    await set('actions.mode', 'suggest');
    const { model, actions } = await health();
    expect(model.unavailable).toContain('NOBODY_HAS_THIS_KEY');
    expect(actions.mode).toBe('suggest');
    expect(said('alert_opened')).toHaveLength(1);
  });

  it('a broken file changes nothing, is a problem, and is none any more when it is mended', async () => {
    const good = readFileSync(file, 'utf8');
    appendFileSync(file, '[tray]\nenabled = "maybe"\n');
    await until('the problem', async () => (await health()).config.problem !== null);
    const { config, problems, status } = await health();
    expect(status).toBe('degraded');
    expect(problems).toContain(config.problem);
    expect(config.problem).toMatch(/config\.toml cannot be used, line \d+: .*vigil config check/);
    expect(machine.log()).toContain('must be true or false');
    expect(said('alert_opened')).toHaveLength(1);
    expect(await ask({ cmd: 'reload_config', id: 1 })).toMatchObject({
      type: 'error',
      error: { code: 'bad_request' },
    });
    writeFileSync(file, good);
    await until('no problem', async () => (await health()).config.problem === null);
  });

  it('what waits for a restart is named', async () => {
    const { stdout } = await set('state.stall_after_s', '200');
    expect(stdout).toContain('Needs a restart (systemctl restart vigil): state.stall_after_s.');
    expect((await health()).config.restart).toEqual(['state.stall_after_s']);
    expect((await machine.vigil('health')).stdout).toContain('waits for a restart: state.stall_after_s');
    await machine.vigil('config', 'unset', 'state.stall_after_s', '--config', file);
    expect((await health()).config.restart).toEqual([]);
  });

  it('a client of the socket changes the file, as RunawayGuard’s do', async () => {
    const params = {
      general: { sample_interval_normal: 0.8 },
      detection: { hang: { duration_seconds: 77 } },
    };
    expect(await ask({ cmd: 'update_config', params })).toMatchObject({
      type: 'response',
      data: { live: ['sampling.sample_interval_normal_s', 'detection.hang.duration_s'], restart: [] },
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# of this test\n');
    expect(text).toContain('sample_interval_normal_s = 0.8 # often\n');
    const { data } = (await ask({ cmd: 'get_config' })) as { data: Record<string, Record<string, unknown>> };
    expect(data.general).toMatchObject({ sample_interval_normal: 0.8 });
    expect(data.detection?.hang).toMatchObject({ duration_s: 77, duration_seconds: 77 });
    // All of it sent back is no change.
    expect(await ask({ cmd: 'update_config', params: data })).toMatchObject({
      data: { live: [], restart: [] },
    });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('a daemon beside it is refused, with a word on what vigil alone means', async () => {
    const { exitCode, stderr } = await machine.vigil(
      '--config',
      file,
      '--state-dir',
      join(machine.dir, 'other'),
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^[^\n]*vigil --help/);
    expect(stderr).toContain(`pid ${(await health()).pid}`);
  });

  it('what is on the allowlist now is over at once, and every alert was told of once', async () => {
    // By hand: the daemon sees it.
    appendFileSync(file, '\n[[allowlist.ignore]]\npattern = "spinner.py"\nmatch_type = "cmdline"\n');
    await until('the end of the alert', () => said('alert_resolved').length > 0);
    expect(said('alert_opened')).toHaveLength(1);
    expect(said('alert_resolved')).toHaveLength(1);
    const ours = (name: string) =>
      lines(name)
        .filter(({ alert }) => mine(alert))
        .map(({ type }) => type)
        .filter(type => type !== 'alert_updated');
    await until('the last line', () => ours('second.jsonl').includes('alert_resolved'));
    expect(ours('first.jsonl')).toEqual(['alert_opened']);
    expect(ours('second.jsonl')).toEqual(['alert_resolved']);
  });
});
