import { describe, expect, it } from 'vitest';
import { managedUnit } from '../../src/actions/live/cgroup.js';
import { proposeFor } from '../../src/actions/plan/proposals.js';
import { commandLine } from '../../src/actions/plan/words.js';
import { RateLimit } from '../../src/actions/rate-limit.js';
import { globMatches } from '../../src/lib/text/glob.js';
import { alertOf, FakeView, LIVE, live, sessionSample, snapshotOf } from './fakes.js';

describe('globs', () => {
  it.each([
    ['dbus*', 'dbus-daemon', true],
    ['dbus*', 'xdbus', false],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*a*b', 'xaxxab', true],
    ['*a*b', 'xaxxa', false],
    ['a.c', 'abc', false],
  ])('%s and %s', (glob, text, fits) => {
    expect(globMatches(glob, text)).toBe(fits);
  });

  it('of many stars take no time to speak of', () => {
    expect(globMatches('*a'.repeat(100), 'a'.repeat(5000))).toBe(true);
    expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(5000))).toBe(false);
  });
});

describe('the unit that manages a cgroup', () => {
  const user = '/user.slice/user-1000.slice/user@1000.service';
  it.each([
    [null, null],
    ['/', null],
    ['/system.slice/ssh.service', 'ssh.service'],
    ['/system.slice/nginx.service/worker', 'nginx.service'],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
    ['/user.slice/user-1000.slice/session-3.scope', null],
    [user, 'user@1000.service'],
    [`${user}/init.scope`, null],
    [`${user}/app.slice/mako.service`, 'mako.service'],
    [`${user}/session.slice/pipewire.service`, 'pipewire.service'],
    [`${user}/app.slice/app-gnome-code-4711.scope`, null],
    [`${user}/app.slice/app-org.kde.konsole@f00.service`, null],
    ['/system.slice/app-evil.service', 'app-evil.service'],
    ['/system.slice/docker-0123.scope', 'docker-0123.scope'],
    ['/machine.slice/libpod-0123.scope/container', 'libpod-0123.scope'],
  ])('%s: %s', (path, unit) => {
    expect(managedUnit(path)).toBe(unit);
  });
});

describe('rate limits', () => {
  it('count the last minute and the last hour', () => {
    const limit = new RateLimit(3, 5);
    expect(limit.free(0)).toBe(3);
    limit.take(3, 0);
    expect([limit.free(59_999), limit.wait_ms(10_000)]).toEqual([0, 50_000]);
    expect(limit.free(60_000)).toBe(2);
    limit.take(2, 60_000);
    expect([limit.free(130_000), limit.wait_ms(130_000)]).toEqual([0, 3_470_000]);
    expect(limit.free(3_600_000)).toBe(3);
  });

  it('keep the past when they change', () => {
    const limit = new RateLimit(3, 5);
    limit.take(3, 0);
    expect(limit.withLimits(4, 5).free(1)).toBe(1);
  });
});

describe('what an alert calls for', () => {
  const propose = (
    rule: string,
    processes = [live(100)],
    extra: ReturnType<typeof live>[] = [],
    kind = 'processes',
  ) =>
    proposeFor(alertOf(rule, processes, { kind: kind as 'processes', name: 'web.service' }), {
      view: new FakeView([...processes, ...extra]),
      snapshot: snapshotOf([{ ...live(300, { comm: 'chrome' }), session: null }], [sessionSample(LIVE)]),
      keep_newest: 1,
    });

  it('storm: whole groups, each once, by the leader', () => {
    const storm = [live(101, { pgid: 100 }), live(100), live(102, { pgid: 100 }), live(200)];
    expect(propose('fork_bomb', storm).proposals).toEqual([
      { type: 'kill_group', target: '100', force: true },
      { type: 'kill_group', target: '200', force: true },
    ]);
  });

  it('zombies: nothing to signal, the parents are named', () => {
    const dead = [live(100, { state: 'Z', ppid: 42 }), live(101, { state: 'Z', ppid: 42 })];
    const { proposals, text } = propose('zombie', dead, [live(42, { comm: 'lazy\u001b[2J' })]);
    expect(proposals).toEqual([]);
    expect(text).toContain('lazy\\x1b[2J (pid 42)');
    expect(text.match(/pid 42/g)).toHaveLength(1);
  });

  it('a leaking agent: quit and resume it, not kill it', () => {
    const agent = live(600, { start_ticks: 60, comm: 'claude', session: LIVE });
    expect(propose('memory_leak', [agent])).toMatchObject({ proposals: [], command: null });
    expect(propose('memory_leak', [agent]).text).toContain('resume');
  });

  it('a leaking service: the command that restarts it', () => {
    const worker = live(100, { cgroup: '/system.slice/web.service' });
    expect(propose('memory_leak', [worker]).command).toBe('systemctl restart -- web.service');
    const nested = live(100, { cgroup: '/system.slice/system-web.slice/web@1.service/worker' });
    expect(propose('memory_leak', [nested]).command).toBe('systemctl restart -- web@1.service');
    const hostile = live(100, { cgroup: '/system.slice/a;b.service' });
    expect(propose('memory_leak', [hostile]).command).toBeNull();
  });

  it.each([
    '/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service',
    '/machine.slice/systemd-nspawn@box.service/payload/system.slice/nginx.service',
    '/system.slice/box.service/payload/system.slice/nginx.service',
  ])('a leaking service that is not the system’s (%s): never the system’s of that name', cgroup => {
    const { command } = propose('memory_leak', [live(100, { cgroup })]);
    expect(command ?? '').not.toContain('nginx.service');
  });

  it('a leaking service of a user: how that user restarts it', () => {
    const cgroup = '/user.slice/user-1000.slice/user@1000.service/app.slice/mcp.service';
    expect(propose('memory_leak', [live(100, { cgroup })])).toEqual({
      proposals: [],
      command: null,
      text: 'Restart mcp.service, as uid 1000: `systemctl --user restart -- mcp.service`.',
    });
  });

  it('a failing unit of a user: how that user restarts it, and nothing for root', () => {
    const alert = alertOf('unit_failing', [], { kind: 'unit', name: 'nginx.service', uid: 1001 });
    expect(proposeFor(alert, { view: new FakeView([]), snapshot: null, keep_newest: 1 })).toEqual({
      proposals: [],
      command: null,
      text: 'Read its journal, then start it again, as uid 1001: `systemctl --user restart -- nginx.service`.',
    });
  });

  it('a leaking program: end its tree', () => {
    expect(propose('memory_leak').proposals).toEqual([
      { type: 'kill_process', target: '100', scope: 'tree' },
    ]);
  });

  it('memory is short: nobody is ended, the largest are named', () => {
    const { proposals, text } = propose('ram', [], [], 'host');
    expect(proposals).toEqual([]);
    expect(text).toBe('Look at: chrome (pid 300) 1 MiB.');
  });

  it('who is gone needs nothing', () => {
    expect(
      proposeFor(alertOf('orphan', [live(100)]), { view: new FakeView([]), snapshot: null, keep_newest: 1 }),
    ).toMatchObject({
      proposals: [],
    });
  });
});

it('a unit’s name that a shell would change is quoted', () => {
  const step = { kind: 'restart_service', argv: [], unit: String.raw`a\x2db.service` } as const;
  expect(commandLine(step)).toBe(String.raw`systemctl restart -- 'a\x2db.service'`);
});
