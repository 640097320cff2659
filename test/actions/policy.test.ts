import { describe, expect, it } from 'vitest';
import type { LiveProcess } from '../../src/actions/live/live-view.js';
import { judge as judging, type PolicyContext } from '../../src/actions/plan/policy.js';
import { atOnce } from '../../src/lib/time/slices.js';
import type { Requester, Risk } from '../../src/model/action.js';
import { alertOf, auto, contextOf, DEAD, FakeView, LIVE, live, person } from './fakes.js';

const judge = (...args: Parameters<typeof judging>) => atOnce(judging(...args));
const kill = (pid: number, more = {}) => ({ type: 'kill_process', target: String(pid), ...more });
const verdictOf = (process: LiveProcess, who: Requester = auto, changes: Partial<PolicyContext> = {}) =>
  judge(kill(process.pid), who, contextOf([process], changes));

describe('an orphan of a dead session', () => {
  it('is ended by auto', () => {
    expect(verdictOf(live(100))).toMatchObject({
      allowed: true,
      risk: 'safe',
      steps: [
        { kind: 'terminate', scope: 'process', targets: [{ pid: 100, start_ticks: 1000 }], force: false },
      ],
    });
  });

  it.each(['observe', 'suggest'] as const)('is offered, not ended, in mode %s', mode => {
    const verdict = verdictOf(live(100), auto, { mode });
    expect(verdict).toMatchObject({ allowed: false, risk: 'safe', steps: [{ targets: [{ pid: 100 }] }] });
    expect(verdict.reason).toContain(mode);
  });

  it.each<[string, Partial<LiveProcess>, Partial<PolicyContext>, Risk]>([
    ['came from no session', { session: null }, {}, 'moderate'],
    ['came from a session that lives', { session: LIVE }, {}, 'moderate'],
    ['came from a session that nobody knows', { session: { ...DEAD, start_ticks: 51 } }, {}, 'moderate'],
    ['runs as another user than the session', { uid: 1001 }, {}, 'moderate'],
    ['runs as root', { uid: 0 }, {}, 'dangerous'],
    ['has the terminal', { foreground: true, has_tty: true }, {}, 'moderate'],
    ['has a parent that may use it', { ppid: 42 }, {}, 'moderate'],
  ])('is left to a person when it %s', (_, changes, context, risk) => {
    const process = live(100, changes);
    const others = [live(42, { comm: 'ide', session: null })];
    const verdict = judge(kill(100), auto, {
      ...contextOf([process, ...others]),
      ...context,
    });
    expect(verdict).toMatchObject({ allowed: false, risk });
    expect(verdict.steps).toHaveLength(1);
  });

  it('is left to a person when its agent runs after all', () => {
    const agent = live(DEAD.pid, { start_ticks: DEAD.start_ticks, comm: 'claude', session: DEAD });
    expect(judge(kill(100), auto, contextOf([live(100), agent])).allowed).toBe(false);
  });

  it('is left to a person when it has become another program', () => {
    const before = live(100);
    const context = contextOf([live(100, { argv: ['node', 'other.js'] })], {
      alert: alertOf('orphan', [before]),
    });
    expect(judge(kill(100), auto, context)).toMatchObject({ allowed: false, risk: 'moderate' });
  });

  it('is safe below a parent of the same dead session', () => {
    const parent = live(100);
    expect(judge(kill(101), auto, contextOf([parent, live(101, { ppid: 100 })])).allowed).toBe(true);
  });

  it('is left to a person when it was started to stay, or runs in a multiplexer', () => {
    const tmux = live(42, { comm: 'tmux: server' });
    const shell = live(43, { ppid: 42 });
    const processes = [
      live(100, { to_stay: 'ignores the end of its terminal' }),
      live(101, { ppid: 43 }),
      tmux,
      shell,
    ];
    for (const pid of [100, 101])
      expect(judge(kill(pid), auto, contextOf(processes))).toMatchObject({
        allowed: false,
        risk: 'moderate',
      });
  });

  it('is safe below who took it in: its session is not that parent’s', () => {
    const parent = live(42, { comm: 'ide-host', session: null });
    const process = live(100, { ppid: 42, sid: 77 });
    expect(judge(kill(100), auto, contextOf([process, parent])).allowed).toBe(true);
    const init = live(42, { comm: 'tini', session: null });
    expect(judge(kill(100), auto, contextOf([live(100, { ppid: 42 }), init])).allowed).toBe(true);
  });

  it.each([true, null])('is left to a person when it may serve somebody (listens: %s)', listening => {
    const process = live(100);
    const context = { ...contextOf([process]), view: new FakeView([process], listening) };
    expect(judge(kill(100), auto, context)).toMatchObject({ allowed: false, risk: 'moderate' });
    expect(judge(kill(100), person(1000), context).allowed).toBe(true);
  });

  it('is nobody once another has its pid', () => {
    const context = contextOf([live(100, { start_ticks: 9999 })], { alert: alertOf('orphan', [live(100)]) });
    const verdict = judge(kill(100), person(0), context);
    expect(verdict).toMatchObject({ allowed: false, steps: [] });
    expect(verdict.reason).toContain('gone');
  });

  it('cannot be ended twice: a zombie needs its parent', () => {
    const verdict = verdictOf(live(100, { state: 'Z', ppid: 33 }), person(0));
    expect(verdict).toMatchObject({ allowed: false, steps: [] });
    expect(verdict.reason).toContain('33');
  });
});

describe('duplicates', () => {
  const all = [live(100), live(101), live(102), live(103, { argv: ['python3', 'mcp.py'], comm: 'python3' })];
  const allowed = (keep_newest: number) => {
    const context = contextOf(all, { alert: alertOf('duplicates', all), keep_newest });
    return all.filter(({ pid }) => judge(kill(pid), auto, context).allowed).map(({ pid }) => pid);
  };

  it.each([
    [0, [100, 101, 102, 103]],
    [1, [100, 101]],
    [2, [100]],
    [3, []],
  ])('of each command the newest %i stay', (keep, pids) => {
    expect(allowed(keep)).toEqual(pids);
  });
});

describe('nobody may signal', () => {
  const interactive = { argv: ['bash'], comm: 'bash', has_tty: true };
  it.each<[string, Partial<LiveProcess>, Partial<PolicyContext>]>([
    ['vigil’s own family', {}, { isOwn: () => true }],
    ['a kernel thread', { kernel_thread: true }, {}],
    ['a protected pid', {}, { protected_pids: [100] }],
    ['sshd', { comm: 'sshd', argv: ['sshd: ann@pts/3'] }, {}],
    ['sshd under another title', { comm: 'x', argv: ['x'], exe: '/usr/sbin/sshd' }, {}],
    ['the user’s systemd', { comm: 'systemd', argv: ['/lib/systemd/systemd', '--user'] }, {}],
    ['the session bus', { comm: 'dbus-daemon' }, {}],
    ['a compositor', { comm: 'sway' }, { protected_commands: [] }],
    ['an X server', { comm: 'Xorg' }, {}],
    ['tmux', { comm: 'tmux: server', argv: ['tmux', 'new'], exe: null }, { protected_commands: [] }],
    ['screen', { comm: 'screen', argv: ['SCREEN', '-S', 'x'] }, { protected_commands: [] }],
    ['zellij', { comm: 'zellij' }, {}],
    ['a terminal', { comm: 'foot' }, {}],
    ['what the configuration protects', { comm: 'postgres' }, { protected_commands: ['post*'] }],
    ['a login shell', { argv: ['-zsh'], comm: 'zsh' }, {}],
    ['a shell on a terminal', interactive, {}],
    ['an interactive shell', { argv: ['bash', '--norc', '-i'], comm: 'bash' }, {}],
    ['a service of the system', { cgroup: '/system.slice/nginx.service' }, {}],
    [
      'a service of the user',
      { cgroup: '/user.slice/user-1000.slice/user@1000.service/app.slice/mako.service' },
      {},
    ],
    ['a container', { cgroup: '/system.slice/docker-0a1b.scope' }, {}],
    ['a live agent', { start_ticks: 60, pid: 600, comm: 'claude', session: LIVE }, {}],
  ])('%s, not even root', (_, changes, context) => {
    for (const who of [auto, person(0), person(1000, 4711)]) {
      const verdict = verdictOf(live(100, changes), who, context);
      expect(verdict).toMatchObject({ allowed: false, risk: 'dangerous', steps: [] });
    }
  });

  it('a group or tree in which one is protected', () => {
    const group = [live(100), live(101, { pgid: 100, ppid: 100, comm: 'sway' })];
    for (const more of [{ type: 'kill_group' }, { scope: 'tree' }, { scope: 'group' }, { scope: 'cgroup' }]) {
      const verdict = judge(kill(100, more), person(0), contextOf(group));
      expect(verdict).toMatchObject({ allowed: false, steps: [] });
      expect(verdict.reason).toContain('sway (pid 101)');
    }
  });

  it('a group or cgroup that init belongs to', () => {
    const all = [
      live(100, { cgroup: '/x' }),
      live(1, { pgid: 100, cgroup: '/x', comm: 'tini', argv: ['tini'] }),
    ];
    for (const scope of ['group', 'cgroup']) {
      expect(judge(kill(100, { scope }), person(0), contextOf(all)).reason).toContain('is init');
    }
  });

  it('the cgroup of everything', () => {
    expect(
      judge(kill(100, { scope: 'cgroup' }), person(0), contextOf([live(100, { cgroup: '/' })])),
    ).toMatchObject({
      allowed: false,
      steps: [],
    });
  });

  it('a thousand processes at once; ten thousand for who may act on everybody: it may be a fork bomb', () => {
    const judged = (length: number, uid: number) => {
      const group = Array.from({ length }, (_, i) => live(100 + i, { pgid: 100 }));
      return judge(kill(100, { scope: 'group' }), person(uid), contextOf(group)).allowed;
    };
    expect(live(1).uid).toBe(1000);
    expect([judged(1000, 1000), judged(1001, 1000)]).toEqual([true, false]);
    expect([judged(1001, 0), judged(10_001, 0)]).toEqual([true, false]);
  });

  it.each<[string, Partial<LiveProcess>]>([
    ['the shell of a tool', { argv: ['/bin/bash', '-c', 'source x && eval y'], comm: 'bash', has_tty: true }],
    ['a script', { argv: ['bash', '-e', 'build.sh', '-i'], comm: 'bash', has_tty: true }],
    ['a program of a login session', { cgroup: '/user.slice/user-1000.slice/session-3.scope' }],
    [
      'an application of the desktop',
      {
        cgroup: '/user.slice/user-1000.slice/user@1000.service/app.slice/app-code@1f.service',
      },
    ],
    [
      'a terminal’s scope',
      {
        cgroup: '/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope',
      },
    ],
    ['one named a bit like a protected one', { comm: 'swaylock-x', argv: ['swaylock-x'] }],
  ])('but %s may be', (_, changes) => {
    expect(verdictOf(live(100, changes), person(1000)).allowed).toBe(true);
  });
});

describe('persons', () => {
  it.each<[string, Requester, boolean]>([
    ['root', person(0), true],
    ['the owner', person(1000), true],
    ['the group vigil', person(5, null, [77]), true],
    ['another user', person(5), false],
    ['another user of some group', person(5, null, [78]), false],
  ])('%s', (_, who, allowed) => {
    expect(verdictOf(live(100), who, { mode: 'observe' }).allowed).toBe(allowed);
  });

  it('a user may not end a group in which one process is somebody else’s', () => {
    const group = [live(100), live(101, { pgid: 100, uid: 1001 })];
    const verdict = judge(kill(100, { type: 'kill_group' }), person(1000), contextOf(group));
    expect(verdict.allowed).toBe(false);
    // Nor is he told whose, or what it is.
    expect(verdict.reason).toBe('processes of other users are among them');
  });

  it('end a live agent only by its own pid', () => {
    const agent = live(600, { start_ticks: 60, comm: 'claude', argv: ['claude'], session: LIVE });
    expect(verdictOf(agent, person(1000, 600))).toMatchObject({ allowed: true, risk: 'dangerous' });
    expect(verdictOf(agent, person(1000, 601)).allowed).toBe(false);
  });
});

describe('other actions', () => {
  it('a command of a model is never run', () => {
    const custom = { type: 'custom', target: '100', command: 'kill 100' };
    for (const who of [auto, person(0)]) {
      expect(judge(custom, who, contextOf([live(100)]))).toMatchObject({ allowed: false, steps: [] });
    }
  });

  it('nobody drops caches', () => {
    expect(judge({ type: 'free_cache', target: '' }, person(0), contextOf([]))).toMatchObject({ steps: [] });
  });

  it('renice is for persons and yields', () => {
    const renice = { type: 'renice', target: '100' };
    const context = contextOf([live(100)]);
    expect(judge(renice, auto, context).allowed).toBe(false);
    expect(judge(renice, person(1000), context)).toMatchObject({
      allowed: true,
      risk: 'moderate',
      steps: [{ kind: 'renice', nice: 10, target: { pid: 100 } }],
    });
  });

  const unit = (name: string, uid: number | null = null) =>
    alertOf('unit_failing', [], { kind: 'unit', name, uid });
  const restart = (target: string, who: Requester, alert = unit('web.service')) =>
    judge({ type: 'restart_service', target }, who, contextOf([], { alert }));

  it('the very service of the alert is restarted, by root or the group, by absolute path', () => {
    expect(restart('web.service', person(0))).toMatchObject({
      allowed: true,
      risk: 'moderate',
      steps: [{ argv: ['/usr/bin/systemctl', 'restart', '--', 'web.service'] }],
    });
    expect(restart('web.service', person(5, null, [77])).allowed).toBe(true);
    expect(restart('web.service', person(1000)).allowed).toBe(false);
    expect(restart('web.service', auto).allowed).toBe(false);
  });

  it('nobody restarts the system’s service for a user’s of that name', () => {
    for (const who of [person(0), person(1001), auto])
      expect(restart('web.service', who, unit('web.service', 1001))).toMatchObject({
        allowed: false,
        steps: [],
      });
  });

  it.each([
    'other.service',
    'web',
    '--now',
    'web.service evil.service',
    'web.service;reboot',
    '../web.service',
    '',
  ])('not %j', target => {
    expect(restart(target, person(0))).toMatchObject({ allowed: false, steps: [] });
    expect(restart(target, person(0), unit(target)).allowed).toBe(target === 'other.service');
  });

  it.each(['dbus.service', 'user@1000.service', 'systemd-logind.service', 'vigil.service', 'gdm.service'])(
    'never %s',
    name => {
      expect(restart(name, person(0), unit(name)).allowed).toBe(false);
    },
  );
});

describe('a model', () => {
  it('can raise the risk', () => {
    expect(judge(kill(100, { risk: 'moderate' }), auto, contextOf([live(100)]))).toMatchObject({
      allowed: false,
      risk: 'moderate',
    });
  });

  it('cannot lower it', () => {
    expect(judge(kill(100, { risk: 'safe' }), auto, contextOf([live(100, { session: null })]))).toMatchObject(
      {
        allowed: false,
        risk: 'moderate',
      },
    );
  });

  it('names a process by its number only', () => {
    for (const target of [
      '-1',
      '-100',
      '0',
      '1',
      '+100',
      ' 100',
      '100 ',
      '100\n',
      '0100',
      '0x64',
      '1e2',
      '100.0',
    ]) {
      expect(judge({ type: 'kill_process', target }, person(0), contextOf([live(100)])).steps).toEqual([]);
    }
    for (const target of [
      '4294967295',
      '４７',
      '१००',
      '100; rm -rf /',
      '$(id)',
      100,
      null,
      ['100'],
      '4194305',
    ]) {
      expect(judge({ type: 'kill_process', target }, person(0), contextOf([live(100)])).steps).toEqual([]);
    }
  });

  it('reaches nothing outside the alert', () => {
    const context = contextOf([live(100), live(101)], { alert: alertOf('orphan', [live(100)]) });
    expect(judge(kill(101), person(0), context)).toMatchObject({ allowed: false, steps: [] });
  });
});

it('others have their turn while thousands are judged', () => {
  const group = Array.from({ length: 5000 }, (_, i) => live(100 + i, { pgid: 100 }));
  let judged = 0;
  const isOwn = () => {
    judged++;
    return false;
  };
  const context = contextOf(group, { alert: null, meant: group.slice(0, 1), isOwn });
  const work = judging(kill(100, { scope: 'group' }), person(0), context);
  const atATime: number[] = [];
  for (let done = false; !done; judged = 0) {
    done = work.next().done === true;
    atATime.push(judged);
  }
  expect(atATime.reduce((sum, count) => sum + count)).toBe(5000);
  expect(Math.max(...atATime)).toBeLessThan(100);
});
