import { chownSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveView } from '../../src/actions/live/live-view.js';
import { CgroupFreezer } from '../../src/actions/run/cgroup-freezer.js';
import { type TerminateOptions, terminate } from '../../src/actions/run/terminate.js';
import { readUid } from '../../src/lib/os/uid.js';
import { parseStat } from '../../src/lib/proc/stat.js';
import { holdProcess, ProcessHandle } from '../../src/lib/process/process-handle.js';
import { ProcessSignaller } from '../../src/lib/process/signal.js';
import type { Scope } from '../../src/model/action.js';
import type { ProcessRef } from '../../src/model/snapshot.js';
import { listPids, readStat } from '../../src/sources/procfs/read.js';
import { isAlive, Processes, stateOf } from './rig.js';
import { TestCgroup } from './test-cgroup.js';

vi.setConfig({ testTimeout: 30_000 });

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
});
afterEach(() => processes.end());

/** Ends the process, or what the scope makes of it, as the engine would. */
function end(ref: ProcessRef, scope: Scope, changes: Partial<TerminateOptions> = {}) {
  const view = new LiveView('/proc', null);
  const root = view.resolve(ref);
  const targets = scope === 'tree' ? view.tree(ref.pid) : scope === 'group' ? view.group(ref.pid) : [ref];
  return terminate({
    targets,
    whole: { scope, pgid: root?.pgid ?? -1, cgroup: root?.cgroup ?? null },
    force: false,
    grace_ms: 700,
    hold: target => holdProcess(target),
    look: () => new LiveView('/proc', null),
    admit: () => true,
    signaller: new ProcessSignaller(),
    now: () => performance.now(),
    sleep: ms => delay(ms),
    ...changes,
  });
}

const SLEEP = 'sleep 98765';

it('SIGTERM is enough for one that complies', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  expect(await end(ref, 'process')).toMatchObject([{ fate: 'terminated', signals: ['SIGTERM'], note: null }]);
  expect(isAlive(ref)).toBe(false);
});

it('one that ignores SIGTERM gets it once, then SIGKILL', async () => {
  const ref = processes.ref(
    processes.script(
      `trap 'echo TERM >> $DIR/terms' TERM; echo $$ > $DIR/ready; while :; do sleep 0.05; done`,
    ),
  );
  await processes.pids('ready');
  const [outcome] = await end(ref, 'process');
  expect(outcome).toMatchObject({ fate: 'killed', signals: ['SIGTERM', 'SIGKILL'] });
  expect(outcome?.took_ms).toBeGreaterThanOrEqual(700);
  expect(processes.lines('terms')).toEqual(['TERM']);
  expect(isAlive(ref)).toBe(false);
});

it('a stopped one is woken to end', async () => {
  const pid = processes.script(`exec ${SLEEP}`);
  const ref = await processes.running(pid);
  process.kill(pid, 'SIGSTOP');
  await vi.waitFor(() => expect(stateOf(ref)).toBe('T'));
  expect(await end(ref, 'process')).toMatchObject([{ fate: 'terminated' }]);
});

it('by force there is no SIGTERM', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  expect(await end(ref, 'process', { force: true })).toMatchObject([
    { fate: 'killed', signals: ['SIGKILL'] },
  ]);
});

it('one that is gone is nobody’s', async () => {
  const pid = processes.script(':');
  const ref = { pid, start_ticks: 1, uid: 0, comm: 'x', cmdline: 'x' };
  expect(await end(ref, 'process')).toMatchObject([{ fate: 'gone_before', signals: [], took_ms: null }]);
});

it('a whole tree goes, stubborn ones and what is forked meanwhile; a double survives', async () => {
  const bystander = await processes.running(processes.script(`exec ${SLEEP}`));
  const root = processes.script(
    // a child that ignores SIGTERM, and one that is born by SIGTERM itself and loses its parent
    `trap '${SLEEP} & echo $! > $DIR/late; exit' TERM
     (trap '' TERM; echo go > $DIR/trapped; exec ${SLEEP}) & echo $! > $DIR/stubborn
     while :; do sleep 0.05; done`,
  );
  const [stubborn] = await processes.pids('stubborn');
  const refs = [processes.ref(root), await processes.running(stubborn!)];
  const outcomes = await end(refs[0]!, 'tree');
  const fates = Object.fromEntries(outcomes.map(({ process, fate }) => [process.pid, fate]));
  const [late] = await processes.pids('late');
  expect(fates[root]).toBe('terminated');
  expect(fates[stubborn!]).toBe('killed');
  expect(Object.keys(fates)).toContain(String(late));
  expect(refs.map(isAlive)).toEqual([false, false]);
  expect(['Z', undefined]).toContain(new LiveView('/proc', null).find(late!)?.state);
  expect(isAlive(bystander)).toBe(true);
});

it('of a pipeline the tree of one goes, the others of its process group stay, with what they fork', async () => {
  // With job control a pipeline is a process group, and its first command leads it.
  processes.start([
    'bash',
    '-c',
    `set -m
     { echo $BASHPID > ${processes.dir}/first; exec ${SLEEP}; } | {
       echo $BASHPID > ${processes.dir}/second
       # Forks and forks again, so that what it made has no parent.
       while :; do (sleep 98764 & echo $! >> ${processes.dir}/forked); sleep 0.1; done
     }`,
  ]);
  const [first] = await processes.pids('first');
  const [second] = await processes.pids('second');
  const target = await processes.running(first!);
  const neighbour = processes.ref(second!);
  expect(new LiveView('/proc', null).find(second!)?.pgid).toBe(first);
  const outcomes = await end(target, 'tree', {
    grace_ms: 1500,
    // Stays for a while, so that there are looks at what was forked meanwhile.
    signaller: {
      send: (handle, signal) =>
        signal === 'SIGTERM' && handle.ref.pid === first
          ? 'sent'
          : new ProcessSignaller().send(handle, signal),
    },
  });
  const forked = (await processes.pids('forked')).map(pid => new LiveView('/proc', null).find(pid));
  const alive = isAlive(neighbour);
  // The group is theirs for as long as one of them lives.
  process.kill(-first!, 'SIGKILL');
  expect(outcomes.map(({ process, fate }) => [process.pid, fate])).toEqual([[first, 'killed']]);
  expect(alive).toBe(true);
  expect(forked.every(child => child !== null && child.state !== 'Z')).toBe(true);
});

it('a tree does not reach to what had left it before, and was not shown', async () => {
  const root = processes.script(
    `(${SLEEP} & echo $! > $DIR/orphan); echo $$ > $DIR/ready; while :; do sleep 0.05; done`,
  );
  const [orphan] = await processes.pids('orphan');
  await processes.pids('ready');
  const gone = await processes.running(orphan!);
  const outcomes = await end(processes.ref(root), 'tree');
  expect(outcomes.map(({ process }) => process.pid)).not.toContain(orphan);
  expect(isAlive(gone)).toBe(true);
});

it('a group goes and nobody else', async () => {
  const other = await processes.running(processes.script(`exec ${SLEEP}`));
  const leader = processes.script(`${SLEEP} & ${SLEEP} & echo $! > $DIR/member; wait`);
  const [member] = await processes.pids('member');
  const refs = [processes.ref(leader), await processes.running(member!)];
  const outcomes = await end(refs[0]!, 'group');
  expect(outcomes.map(({ fate }) => fate)).toEqual(['terminated', 'terminated', 'terminated']);
  expect([...refs, other].map(isAlive)).toEqual([false, false, true]);
});

it('a cgroup goes, whatever groups and sessions its processes made', async () => {
  const [first, second, outside] = [0, 1, 2].map(() => processes.script('exec sleep 98765'));
  const refs = [await processes.running(first!), await processes.running(second!)];
  const other = await processes.running(outside!);
  /** As if the first two were in a cgroup of their own. */
  class Grouped extends LiveView {
    override cgroup = () => refs.map(ref => this.resolve(ref)).filter(found => found !== null);
  }
  const outcomes = await end(refs[0]!, 'cgroup', {
    look: () => new Grouped('/proc', null),
    whole: { scope: 'cgroup', pgid: first!, cgroup: '/x' },
    signaller: {
      send: (handle, signal) =>
        handle.ref.pid === first ? 'sent' : new ProcessSignaller().send(handle, signal),
    },
  });
  expect(outcomes.map(({ process, fate }) => [process.pid, fate])).toEqual([
    [first, 'survived'],
    [second, 'terminated'],
  ]);
  expect([...refs, other].map(isAlive)).toEqual([true, false, true]);
});

it('who joins and may not be signalled is spared', async () => {
  const root = processes.script(
    `trap '' TERM; echo $$ > $DIR/ready; sleep 0.4; ${SLEEP} & echo $! > $DIR/new; wait`,
  );
  await processes.pids('ready');
  const ref = processes.ref(root);
  const ending = end(ref, 'tree', { admit: () => false, grace_ms: 1500 });
  const [late] = await processes.pids('new');
  const born = processes.ref(late!);
  const outcomes = await ending;
  expect(outcomes.find(({ process }) => process.pid === late)).toMatchObject({ fate: 'spared', signals: [] });
  expect(isAlive(born)).toBe(true);
});

it('who joins gets a SIGTERM of its own; the others get no second one', async () => {
  const root = processes.script(
    `trap 'echo TERM >> $DIR/terms' TERM; echo $$ > $DIR/ready
     for i in 1 2 3 4 5 6; do sleep 0.1; done; sleep 98765 & echo $! > $DIR/new
     while :; do sleep 0.05; done`,
  );
  await processes.pids('ready');
  const ref = processes.ref(root);
  const outcomes = await end(ref, 'tree', { grace_ms: 2000 });
  const [late] = await processes.pids('new');
  expect(outcomes.find(({ process }) => process.pid === late)).toMatchObject({ signals: ['SIGTERM'] });
  expect(outcomes.find(({ process }) => process.pid === root)?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  expect(processes.lines('terms')).toEqual(['TERM']);
});

it('a zombie is dead, and its parent is named', async () => {
  const parent = processes.start([
    'python3',
    '-c',
    `import subprocess, time
child = subprocess.Popen(["sleep", "98765"])
open("${processes.dir}/child", "w").write(str(child.pid))
time.sleep(98765)`,
  ]);
  const [child] = await processes.pids('child');
  const ref = await processes.running(child!);
  const [outcome] = await end(ref, 'process');
  expect(outcome).toMatchObject({ fate: 'zombie', signals: ['SIGTERM'] });
  expect(outcome?.note).toContain(`python3 (pid ${parent})`);
});

it('one that changed its owner meanwhile is spared', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  expect(await end({ ...ref, uid: ref.uid + 1 }, 'process')).toMatchObject([{ fate: 'spared', signals: [] }]);
  expect(isAlive(ref)).toBe(true);
});

it('one that may not be signalled survives, and that is said', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  const [outcome] = await end(ref, 'process', { signaller: { send: () => 'denied' } });
  expect(outcome).toMatchObject({ fate: 'survived', note: 'vigil may not signal it' });
});

it('one that cannot be held is not taken for gone', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  const hold = () => {
    throw new Error('EMFILE: too many open files');
  };
  const [outcome] = await end(ref, 'process', { hold });
  expect(outcome).toMatchObject({ fate: 'survived', signals: [] });
  expect(outcome?.note).toContain('too many open files');
});

it('one that hangs in the kernel is told from one that resists', async () => {
  const ref = await processes.running(processes.script(`exec ${SLEEP}`));
  const stat = parseStat(`${ref.pid} (dd) D 1 ${'0 '.repeat(17)}${ref.start_ticks} 0 0 0`)!;
  class Stuck extends ProcessHandle {
    override stat = () => stat;
  }
  let clock_ms = 0;
  const [outcome] = await end(ref, 'process', {
    hold: target => new Stuck(target, holdProcess(target)!.fd),
    signaller: { send: () => 'sent' },
    now: () => clock_ms,
    sleep: async ms => {
      clock_ms += ms;
    },
  });
  expect(outcome).toMatchObject({ fate: 'blocked', signals: ['SIGTERM', 'SIGKILL'] });
});

it('nothing more is sent once vigil ends', async () => {
  const ref = processes.ref(
    processes.script(`trap '' TERM; echo $$ > $DIR/ready; while :; do sleep 0.05; done`),
  );
  await processes.pids('ready');
  const stopping = new AbortController();
  const ending = end(ref, 'process', { grace_ms: 60_000, stopping: stopping.signal });
  stopping.abort();
  expect(await ending).toMatchObject([{ fate: 'survived', signals: ['SIGTERM'] }]);
});

describe('a fork bomb', () => {
  const UID = 64_322;
  /** Of at most 120 processes, all of which leave their session. */
  const BOMB = `
import os, resource, sys, time
resource.setrlimit(resource.RLIMIT_NPROC, (120, 120))
os.setgroups([]); os.setgid(${UID}); os.setuid(${UID})
end = time.monotonic() + 40
while time.monotonic() < end:
    try:
        if os.fork() == 0 and "leaves" in sys.argv: os.setsid()
    except BlockingIOError:
        pass
`;
  const members = () =>
    listPids('/proc').filter(pid => {
      const state = readStat('/proc', pid)?.state ?? 'X';
      return !/[ZX]/.test(state) && readUid('/proc', pid) === UID;
    });
  const grown = () => vi.waitFor(() => expect(members().length).toBeGreaterThan(100), 20_000);
  afterEach(() => {
    for (let left = members(); left.length > 0; left = members())
      for (const pid of left) process.kill(pid, 'SIGKILL');
  });

  it('is ended as a tree, though its processes make others all the time, which leave their session', async () => {
    const root = processes.start(['python3', '-S', '-E', '-c', BOMB, 'leaves']);
    await grown();
    const sent: string[] = [];
    const signaller = new ProcessSignaller();
    const outcomes = await end(processes.ref(root), 'tree', {
      force: true,
      signaller: {
        send: (handle, signal) => {
          sent.push(signal);
          return signaller.send(handle, signal);
        },
      },
    });
    expect(members()).toEqual([]);
    expect(new Set(outcomes.map(({ fate }) => fate))).toEqual(new Set(['killed']));
    // Nobody is killed before all stand still.
    expect(sent).toContain('SIGSTOP');
    expect(sent.lastIndexOf('SIGSTOP')).toBeLessThan(sent.indexOf('SIGKILL'));
  });

  /** As on a machine on which they take their time to die: a group of which one dies is not frozen any more. */
  const dying = (freezer: CgroupFreezer): CgroupFreezer => {
    const kill = freezer.kill.bind(freezer);
    freezer.kill = () => {
      const isKilled = kill();
      freezer.isFrozen = () => false;
      return isKilled;
    };
    return freezer;
  };

  it('is frozen and ended with its control group in one step, whatever sessions it makes', async () => {
    const group = new TestCgroup();
    try {
      // What it makes before it is in the group would be outside.
      const whenInside =
        'until grep -q "$0" /proc/self/cgroup; do sleep 0.05; done; exec python3 -S -E -c "$1" leaves';
      const root = processes.start(['sh', '-c', whenInside, basename(group.path), BOMB]);
      group.add(root);
      await grown();
      const sent: string[] = [];
      const outcomes = await end(processes.ref(root), 'cgroup', {
        whole: { scope: 'cgroup', pgid: root, cgroup: group.path },
        force: true,
        freezer: path => dying(CgroupFreezer.open(path)!),
        signaller: {
          send: (_, signal) => {
            sent.push(signal);
            return 'denied';
          },
        },
      });
      expect(members()).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(100);
      expect(new Set(outcomes.map(({ fate }) => fate))).toEqual(new Set(['killed']));
      expect(sent).toEqual([]);
    } finally {
      await group.remove();
    }
  });
});

describe('a control group', () => {
  it('is not frozen when somebody is in it who may not be ended: then the others get their signals', async () => {
    const group = new TestCgroup();
    try {
      const refs = [0, 1].map(() => processes.script(`exec ${SLEEP}`));
      for (const pid of refs) group.add(pid);
      const [meant, stranger] = [await processes.running(refs[0]!), await processes.running(refs[1]!)];
      const outcomes = await end(meant, 'cgroup', {
        whole: { scope: 'cgroup', pgid: meant.pid, cgroup: group.path },
        force: true,
        admit: () => false,
        freezer: path => CgroupFreezer.open(path),
      });
      expect(outcomes.map(({ process, fate }) => [process.pid, fate])).toEqual([
        [meant.pid, 'killed'],
        [stranger.pid, 'spared'],
      ]);
      expect(stateOf(stranger)).toMatch(/[SR]/);
      expect(group.read('cgroup.events')).toContain('frozen 0');
    } finally {
      await group.remove();
    }
  });

  const OTHER = 65_534;
  const delegate = (group: TestCgroup) => {
    for (const file of ['', 'cgroup.procs', 'cgroup.freeze', 'cgroup.threads', 'cgroup.subtree_control'])
      chownSync(`${group.mount}${group.path}/${file}`, OTHER, OTHER);
  };

  it.each([
    ['thaws it and moves one into it', true],
    ['moves one into it', false],
  ])('whose owner %s just before the end takes nobody along who was not meant', async (_, thaws) => {
    const group = new TestCgroup();
    try {
      delegate(group);
      const [mine, other] = [0, 1].map(() => processes.script(`exec ${SLEEP}`, { uid: OTHER }));
      group.add(mine!);
      const [meant, stranger] = [await processes.running(mine!), await processes.running(other!)];
      const outcomes = await end(meant, 'cgroup', {
        whole: { scope: 'cgroup', pgid: meant.pid, cgroup: group.path },
        force: true,
        admit: process => process.pid !== stranger.pid,
        freezer: path => {
          const freezer = CgroupFreezer.open(path)!;
          const kill = freezer.kill.bind(freezer);
          // The last moment there is.
          freezer.kill = () => {
            if (thaws) writeFileSync(`${group.mount}${path}/cgroup.freeze`, '0');
            group.add(stranger.pid);
            return kill();
          };
          return freezer;
        },
      });
      expect(outcomes[0]).toMatchObject({ process: { pid: meant.pid }, fate: 'killed' });
      expect(isAlive(meant)).toBe(false);
      expect(isAlive(stranger)).toBe(true);
    } finally {
      await group.remove();
    }
  });

  it('that its owner thaws all the time is ended none the less, whoever is made meanwhile', async () => {
    const group = new TestCgroup();
    try {
      delegate(group);
      const freeze = `${group.mount}${group.path}/cgroup.freeze`;
      processes.script(`while :; do echo 0 > ${freeze}; done`, { uid: OTHER });
      const makes = `while :; do ${SLEEP} & sleep 0.1; done`;
      const root = processes.script(`echo $$ > ${group.mount}${group.path}/cgroup.procs; ${makes}`);
      writeFileSync(freeze, '1');
      await vi.waitFor(() => expect(group.read('cgroup.freeze')).toBe('0\n'), 10_000);
      await vi.waitFor(() => {
        if (group.read('cgroup.procs').split('\n').length < 5) throw new Error('few');
      }, 10_000);
      const outcomes = await end(processes.ref(root), 'cgroup', {
        whole: { scope: 'cgroup', pgid: root, cgroup: group.path },
        force: true,
        freezer: path => CgroupFreezer.open(path),
      });
      expect(group.read('cgroup.procs')).toBe('');
      // Some may have ended by themselves.
      for (const { fate } of outcomes) expect(fate).toMatch(/killed|gone_before/);
    } finally {
      await group.remove();
    }
  });

  it('that is the root, a slice, our own, above it, or no name of one is never touched', async () => {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))![1]!;
    for (const path of ['/', '', 'x', '/../x', '/a/./b', '/user.slice', '/a/user-1000.slice', own])
      expect(CgroupFreezer.open(path), path).toBeNull();
    const group = new TestCgroup();
    try {
      const below = group.child('a');
      const asked = `import { CgroupFreezer } from '${new URL('../../dist/actions/run/cgroup-freezer.js', import.meta.url)}'; console.log(${JSON.stringify([group.path, below, `${group.path}/b`])}.map(path => CgroupFreezer.open(path) === null))`;
      const { stdout } = await execa('sh', [
        '-c',
        `echo $$ >"$1/cgroup.procs"; exec "$0" --input-type=module -e "$2"`,
        process.execPath,
        `${group.mount}${below}`,
        asked,
      ]);
      expect(stdout).toBe('[ true, true, true ]');
      const freezer = CgroupFreezer.open(below);
      expect(freezer).not.toBeNull();
      freezer?.close();
    } finally {
      await group.remove();
    }
  });

  it('stays the one that was opened, whatever has its name then', async () => {
    const group = new TestCgroup();
    try {
      const path = group.child('a');
      const freezer = CgroupFreezer.open(path)!;
      rmdirSync(`${group.mount}${path}`);
      group.child('a');
      const pid = processes.script(`exec ${SLEEP}`);
      group.add(pid, path);
      expect(await freezer.freeze()).toBe(false);
      expect(freezer.kill()).toBe(false);
      expect(freezer.pids()).toBeNull();
      freezer.close();
      expect(isAlive(processes.ref(pid))).toBe(true);
    } finally {
      await group.remove();
    }
  });
});

it('whoever was stopped and is left goes on', async () => {
  const root = processes.script(`${SLEEP} & echo $! > $DIR/child; wait`);
  const [child] = await processes.pids('child');
  const refs = [processes.ref(root), await processes.running(child!)];
  const real = new ProcessSignaller();
  const outcomes = await end(refs[0]!, 'tree', {
    force: true,
    signaller: {
      send: (handle, signal) => (signal === 'SIGKILL' ? 'denied' : real.send(handle, signal)),
    },
  });
  expect(outcomes.map(({ fate }) => fate)).toEqual(['survived', 'survived']);
  for (const ref of refs) expect(stateOf(ref)).toMatch(/[SR]/);
});

it('thousands are ended a few at a time: everything else has its turn in between', async () => {
  const busy = () => {
    const end_ms = performance.now() + 1;
    while (performance.now() < end_ms);
  };
  let inTurn = 0;
  let most = 0;
  const step = () => {
    busy();
    most = Math.max(most, ++inTurn);
  };
  let counting = true;
  const turn = () => {
    inTurn = 0;
    if (counting) setImmediate(turn);
  };
  turn();
  const targets = Array.from({ length: 400 }, (_, i) => ({
    pid: 4_000_000 + i,
    start_ticks: 1,
    uid: 0,
    comm: 'x',
    cmdline: 'x',
  }));
  const ended = new Set<number>();
  const handleOf = (ref: ProcessRef) => ({
    ref,
    stat: () => (ended.has(ref.pid) ? null : { state: 'S', ppid: 1 }),
    uid: () => ref.uid,
    close: step,
  });
  const outcomes = await end(targets[0]!, 'process', {
    targets,
    hold: ref => {
      step();
      return handleOf(ref) as unknown as ProcessHandle;
    },
    signaller: {
      send: handle => {
        step();
        ended.add(handle.ref.pid);
        return 'sent';
      },
    },
  });
  counting = false;
  expect(outcomes.filter(({ fate }) => fate === 'terminated').length).toBe(targets.length);
  expect(most).toBeLessThan(100);
});
