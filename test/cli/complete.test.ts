import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeAgent, fakeAlert } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { vigil } from './io.js';

describe('what a shell offers', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
    rig.daemon.list = [fakeAgent({ pid: 4242, title: 'Fix \u001b[31m the cart' })];
    rig.daemon.alerts = [fakeAlert({ id: 7, title: 'yes burns a core' })];
  });
  afterAll(() => rig.stop());

  const offered = async (...words: string[]) => {
    const { code, out, err } = await vigil(['--complete', ...words], { env: { VIGIL_RUNTIME_DIR: rig.dir } });
    expect([code, err]).toEqual([0, '']);
    return out.split('\n').slice(0, -1);
  };
  const words = async (...line: string[]) => (await offered(...line)).map(one => one.split('\t')[0]);

  it('commands, and the commands of a group', async () => {
    expect(await words('')).toEqual(expect.arrayContaining(['status', 'config', 'whitelist', 'daemon']));
    expect(await words('he')).toEqual(['health']);
    expect(await offered('pau')).toEqual(['pause\tStop looking at the machine until vigil resume']);
    expect(await words('config', '')).toEqual(['show', 'get', 'set', 'unset', 'edit', 'path', 'check']);
    expect(await words('agents', '')).toEqual(['explain']);
    expect(await words('health', '')).toEqual([]);
  });

  it('options, and their values', async () => {
    expect(await words('kill', '--f')).toEqual(['--force']);
    expect(await words('daemon', '--log-level', 'w')).toEqual(['warn']);
    expect(await words('whitelist', 'add', '--type', '')).toEqual(['name', 'cmdline', 'regex']);
    // The value of an option is no positional.
    expect(await words('config', '--config', 'x', 'set', 'tray.enabled', '')).toEqual(['true', 'false']);
    expect(await words('daemon', '--state-dir', '')).toEqual([]);
  });

  it('keys of the configuration, and what they can be', async () => {
    expect(await words('config', 'get', 'actions.m')).toEqual([
      'actions.mode',
      'actions.max_per_minute',
      'actions.max_per_hour',
    ]);
    expect(await words('config', 'set', 'actions.mode', 'a')).toEqual(['auto']);
    expect(await words('config', 'set', 'actions.grace_s', '')).toEqual([]);
  });

  it('agents and alerts of the daemon, harmlessly', async () => {
    const [line, ...more] = await offered('kill', '');
    expect(more).toEqual([]);
    expect(line).toMatch(/^4242\tclaude Fix .*the cart$/);
    expect(line).not.toContain('\u001b');
    expect(await words('explain', '')).toEqual(['A7', '4242']);
  });

  it('nothing without a daemon', async () => {
    const { code, out } = await vigil(['--complete', 'kill', ''], {
      env: { VIGIL_RUNTIME_DIR: '/nonexistent' },
    });
    expect([code, out]).toEqual([0, '']);
  });
});
