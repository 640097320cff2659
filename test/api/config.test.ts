import { describe, expect, it } from 'vitest';
import { changesOf, configReport } from '../../src/api/runaway-guard/config.js';
import { answer } from '../../src/api/socket/answer.js';
import { defaultConfig } from '../../src/config/schema.js';
import { inSlices } from '../../src/lib/time/slices.js';
import type { Viewer } from '../../src/model/viewer.js';
import { VIGIL } from '../../src/store/asker.js';
import { FakeDaemon } from './fake-daemon.js';

const ask = async (daemon: FakeDaemon, viewer: Viewer, request: object, isOwner = false) =>
  answer(
    Buffer.from(JSON.stringify(request)),
    daemon.services,
    { viewer, isOwner, person: null, clients: 1, inTurns: inSlices, asker: VIGIL },
    () => {},
    error => {
      throw error;
    },
  );

const changes = (partial: Record<string, unknown>) =>
  changesOf(partial, defaultConfig()).map(({ key, value }) => [key.name, value]);

describe('a partial configuration', () => {
  it.each([
    ['our names', { actions: { mode: 'auto' } }, [['actions.mode', 'auto']]],
    [
      'RunawayGuard’s names',
      {
        detection: {
          cpu_high: { enabled: true, threshold_percent: 80, duration_seconds: 90 },
          hang: { duration_seconds: 20 },
          memory_leak: { growth_threshold_mb: 300, window_minutes: 4 },
        },
        general: { sample_interval_normal: 20, sample_interval_alert: 3, notification_method: 'popup' },
      },
      [
        ['detection.cpu_high.threshold_percent', 80],
        ['detection.cpu_high.duration_s', 90],
        ['detection.hang.duration_s', 20],
        ['detection.memory_leak.growth_threshold_mb', 300],
        ['detection.memory_leak.window_minutes', 4],
        ['sampling.sample_interval_normal_s', 20],
        ['sampling.sample_interval_alert_s', 3],
        ['notifications.enabled', false],
      ],
    ],
    ['null, for the default', { ai: { enabled: null } }, [['ai.enabled', undefined]]],
    ['what is as it was', { actions: { mode: 'observe' }, agents: [] }, []],
    ['lists whole', { allowlist: { ignore_commands: ['x'] } }, [['allowlist.ignore_commands', ['x']]]],
    [
      'a name of theirs that changed beside ours that did not',
      { sampling: { sample_interval_normal_s: 10 }, general: { sample_interval_normal: 20 } },
      [['sampling.sample_interval_normal_s', 20]],
    ],
    ['nothing', {}, []],
  ])('may have %s', (_what, partial, wanted) => {
    expect(changes(partial)).toEqual(wanted);
  });

  it.each([
    [
      'an unknown key',
      { actions: { mod: 'auto' } },
      'there is no key "actions.mod": did you mean "actions.mode"?',
    ],
    ['several', { foo: { bar: 1 }, baz: 2 }, /"foo\.bar".*\n.*"baz"/],
    ['a table for a value', { actions: { mode: { x: 1 } } }, undefined],
    ['a value for a table', { actions: 3 }, '"actions"'],
    [
      'two values for one key',
      { sampling: { sample_interval_normal_s: 5 }, general: { sample_interval_normal: 6 } },
      'given twice',
    ],
    ['another way of notifying', { general: { notification_method: 'mail' } }, '"system", "both", "popup"'],
    ['escapes', { '\u001b[31m': 1 }, 'no key "\\x1b[31m"'],
    ['what JSON can name and a table must not', JSON.parse('{"__proto__":{"mode":1}}'), '"__proto__.mode"'],
  ])('with %s is refused by name', (_what, partial, why) => {
    if (why === undefined) expect(changes(partial)).toEqual([['actions.mode', { x: 1 }]]);
    else expect(() => changes(partial)).toThrow(why);
  });

  it('that is all of what was got changes nothing', () => {
    const config = defaultConfig();
    expect(changesOf(configReport(config), config)).toEqual([]);
  });
});

describe('the configuration on the socket', () => {
  it.each(['get_config', 'update_config', 'reload_config'])('%s is for those who see all', async cmd => {
    const daemon = new FakeDaemon();
    const params = cmd === 'update_config' ? { actions: { mode: 'auto' } } : {};
    expect(await ask(daemon, { kind: 'user', uid: 1000 }, { cmd, id: 7, params })).toMatchObject({
      type: 'error',
      id: 7,
      error: { code: 'denied' },
    });
    expect([daemon.changes, daemon.reloads]).toEqual([[], 0]);
    expect(await ask(daemon, { kind: 'all' }, { cmd, params })).toMatchObject({ type: 'response' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['sensor.bpftrace', { sensor: { bpftrace: '/home/ann/evil' } }],
    ['ai.base_url', { ai: { base_url: 'https://ann.example/v1' } }],
    ['ai.provider', { ai: { provider: 'openai' } }],
    ['ai.api_key_env', { ai: { api_key_env: 'OTHER_SECRET' } }],
    ['ai.api_key_file', { ai: { api_key_file: '/root/secret' } }],
    ['log_file.path', { log_file: { path: '/etc/cron.d/vigil' } }],
    ['webhooks', { webhooks: [{ type: 'json', url_file: '/root/secret' }] }],
    ['badges.directory', { badges: { directory: '/root/.config/autostart' } }],
    ['badges.session_directory', { badges: { session_directory: '/etc' } }],
    ['actions.protected_commands', { actions: { protected_commands: [] } }],
    ['actions.protected_pids', { 'actions.protected_pids': [7] }],
  ])('%s is root’s to change, whatever else is asked for with it', async (key, partial) => {
    const daemon = new FakeDaemon();
    const request = { cmd: 'update_config', params: { ...partial, thresholds: { ram_warn_percent: 70 } } };
    const reply = await ask(daemon, { kind: 'all' }, request);
    expect(reply).toMatchObject({ type: 'error', error: { code: 'denied' } });
    expect(reply).toMatchObject({ error: { message: expect.stringContaining(`"${key}"`) } });
    expect(reply).toMatchObject({ error: { message: expect.stringContaining('vigil config') } });
    expect(daemon.changes).toEqual([]);
    const done = { type: 'response', data: { live: expect.arrayContaining([key]) } };
    expect(await ask(daemon, { kind: 'all' }, request, true)).toMatchObject(done);
  });

  it('the default of what is root’s is root’s to restore', async () => {
    const daemon = new FakeDaemon();
    daemon.settings.ai.base_url = 'http://127.0.0.1:1/v1';
    const request = { cmd: 'update_config', params: { ai: { base_url: null } } };
    expect(await ask(daemon, { kind: 'all' }, request)).toMatchObject({ error: { code: 'denied' } });
  });

  it('who may not change everything may still send back all that was got, and change the rest', async () => {
    const daemon = new FakeDaemon();
    daemon.settings.sensor.bpftrace = '/opt/bpftrace';
    const params = configReport(daemon.settings) as { actions: { mode: string } };
    params.actions.mode = 'suggest';
    expect(await ask(daemon, { kind: 'all' }, { cmd: 'update_config', params })).toMatchObject({
      type: 'response',
      data: { live: ['actions.mode'] },
    });
  });

  it('a mistake is the client’s, and is named', async () => {
    const daemon = new FakeDaemon();
    const request = { cmd: 'update_config', params: { actions: { mod: 'auto' } } };
    expect(await ask(daemon, { kind: 'all' }, request)).toMatchObject({
      error: { code: 'bad_request', message: expect.stringContaining('actions.mode') },
    });
    expect(daemon.changes).toEqual([]);
  });
});
