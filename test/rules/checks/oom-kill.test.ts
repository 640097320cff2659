import { expect, test } from 'vitest';
import type { HostSample, MachineEvent, ProcessSample } from '../../../src/model/snapshot.js';
import { brief, GB, Machine, MB, refOf } from '../machine.js';

type Kill = Extract<MachineEvent, { type: 'oom_kill' }>;

function limited(path: string): HostSample['cgroups'][number] {
  return {
    path,
    memory_bytes: 99 * MB,
    memory_limit_bytes: 100 * MB,
    swap_bytes: null,
    cpu_percent: null,
    pids: null,
    pids_limit: null,
    oom_kills: 1,
  };
}

function kill(machine: Machine, victim: ProcessSample, changes: Partial<Kill> = {}): Kill {
  const { pid, start_ticks, uid, comm, cmdline, session } = victim;
  return {
    type: 'oom_kill',
    time_ms: machine.now_ms,
    victim: { pid, start_ticks, uid, comm, cmdline },
    session,
    rss_bytes: 3 * GB,
    cgroup: null,
    source: 'kernel',
    ...changes,
  };
}

test('says what was killed, whose it was, and who went and stayed; once, whoever tells it', () => {
  const machine = new Machine();
  const session = machine.addSession();
  const own = { ppid: session.pid, session: refOf(session), cgroup: '/user.slice/shop.scope' };
  const victim = machine.add({ comm: 'node', cmdline: 'node /srv/shop/build.js', ...own });
  const helpers = machine.many(2, { comm: 'esbuild', ...own });
  machine.add({ comm: 'bash', ...own });
  machine.pass(60);
  machine.remove([victim, ...helpers]);
  machine.events.push(kill(machine, victim));
  const changes = machine.pass(4, 2);
  expect(brief(changes)).toEqual(['opened oom_kill critical']);
  expect(changes[0]!.alert).toMatchObject({
    title: `The kernel ended node shop/build.js (pid ${victim.pid}) for want of memory`,
    text: 'The machine, or a control group with a limit, ran out of memory. It held 3 GB. It belonged to the Claude Code session in ~/shop. With it ended 2 other processes of the same origin (esbuild); 2 still run.',
    subject: { uid: 1000, session: { pid: session.pid } },
  });
  machine.events.push(kill(machine, { ...victim, start_ticks: 0, cmdline: '' }, { source: 'journal' }));
  expect(machine.pass(300)).toEqual([]);
  expect(machine.open[0]!.text).toContain('The machine ran out of memory. It held 3 GB.');
  expect(brief(machine.pass(600))).toEqual(['resolved oom_kill critical']);
});

test('a limit of a control group is named', () => {
  const machine = new Machine();
  const victim = machine.add({ comm: 'hog', cgroup: '/system.slice/hog.service' });
  machine.pass(10);
  machine.remove([victim]);
  machine.events.push(kill(machine, victim, { cgroup: '/system.slice/hog.service', rss_bytes: null }));
  const changes = machine.pass(10);
  expect(brief(changes)).toEqual(['opened oom_kill high']);
  expect(changes[0]!.alert.text).toContain('The memory limit of /system.slice/hog.service was hit.');
  expect(changes[0]!.alert.suggestion).toContain('MemoryMax of hog.service');
});

test('the kernel, which knows no cause, waits for the journal: what is told first is right', () => {
  const cgroup = '/system.slice/hog.service';
  const machine = new Machine();
  const victim = machine.add({ comm: 'hog', cgroup });
  machine.pass(10);
  machine.remove([victim]);
  machine.events.push(kill(machine, victim));
  expect(machine.pass(1, 1)).toEqual([]);
  machine.events.push(kill(machine, victim, { cgroup, source: 'journal' }));
  const changes = machine.pass(300);
  expect(brief(changes)).toEqual(['opened oom_kill high']);
  expect(changes[0]!.alert.text).toContain(`The memory limit of ${cgroup} was hit.`);
});

test('a count without a victim waits for the name, and is told alone when none comes', () => {
  const nameless = { pid: 0, start_ticks: 0, uid: 0, comm: '', cmdline: '' };
  const cgroup = '/system.slice/hog.service';
  const machine = new Machine();
  machine.host = { ...machine.host, cgroups: [limited(cgroup)] };
  const victim = machine.add({ comm: 'hog', cgroup });
  machine.pass(10);
  machine.events.push(kill(machine, victim, { victim: nameless, cgroup, source: 'cgroup' }));
  expect(machine.pass(2, 2)).toEqual([]);
  machine.events.push(kill(machine, victim));
  expect(brief(machine.pass(300))).toEqual(['opened oom_kill high']);
  const other = new Machine();
  other.pass(10);
  other.events.push(kill(other, victim, { victim: nameless, cgroup, source: 'cgroup' }));
  const changes = other.pass(300);
  expect(brief(changes)).toEqual(['opened oom_kill high']);
  expect(changes[0]!.alert.title).toBe('The kernel ended a process for want of memory');
});

test('two kills are two alerts', () => {
  const machine = new Machine();
  const victims = machine.many(2, { comm: 'hog', rss_bytes: 50 * MB });
  machine.pass(10);
  for (const victim of victims) machine.events.push(kill(machine, victim));
  expect(brief(machine.pass(4, 2))).toEqual(['opened oom_kill critical', 'opened oom_kill critical']);
});

const nameless = { pid: 0, start_ticks: 0, uid: 0, comm: '', cmdline: '' };
const count = (machine: Machine, of: ProcessSample, cgroup: string) =>
  kill(machine, of, { victim: nameless, cgroup, source: 'cgroup', rss_bytes: null });

test('limits of two control groups that are hit one after the other are two alerts, each with its own', () => {
  const machine = new Machine();
  const groups = ['/docker/one', '/docker/two'];
  machine.host = { ...machine.host, cgroups: groups.map(limited) };
  const [first, second] = groups.map(cgroup => machine.add({ comm: 'hog', cgroup }));
  machine.pass(10);
  machine.events.push(count(machine, first!, groups[0]!));
  machine.pass(20);
  machine.remove([second!]);
  machine.events.push(count(machine, second!, groups[1]!), kill(machine, second!));
  const changes = [...machine.said, ...machine.pass(60)].filter(({ type }) => type === 'alert_opened');
  expect(brief(changes)).toEqual(['opened oom_kill high', 'opened oom_kill high']);
  expect(changes.map(({ alert }) => alert.text.split(' was hit.')[0])).toEqual([
    'The memory limit of /docker/one',
    'The memory limit of /docker/two',
  ]);
});

test('two kills in one control group, a while apart, without names, are two; two at once are told together', () => {
  const cgroup = '/docker/one';
  const machine = new Machine();
  const hog = machine.add({ comm: 'hog', cgroup });
  for (let i = 0; i < 2; i++) {
    machine.events.push(count(machine, hog, cgroup));
    machine.pass(20);
  }
  expect(brief(machine.said)).toEqual(['opened oom_kill high', 'opened oom_kill high']);
  const both = new Machine();
  both.events.push(count(both, hog, cgroup), count(both, hog, cgroup));
  expect(both.pass(20).map(({ alert }) => alert.title)).toEqual([
    'The kernel ended 2 processes for want of memory',
  ]);
});

test('a kill that is counted where it happened and named where the limit is, is one', () => {
  const machine = new Machine();
  const hog = machine.add({ comm: 'hog', cgroup: '/a/b' });
  machine.events.push(count(machine, hog, '/a/b'), kill(machine, hog, { cgroup: '/a', source: 'journal' }));
  expect(brief(machine.pass(60))).toEqual(['opened oom_kill high']);
});

test('a limit without a name is no end of the machine’s memory; that is none of a control group’s', () => {
  const machine = new Machine();
  const hog = machine.add({ comm: 'hog' });
  machine.events.push(kill(machine, hog, { source: 'journal', scope: 'cgroup' }));
  const [limit] = machine.pass(20);
  expect(limit!.alert).toMatchObject({ severity: 'high' });
  expect(limit!.alert.text).toContain('The memory limit of a control group was hit.');
  const full = new Machine();
  full.host = { ...full.host, cgroups: [limited('/docker/one')] };
  const victim = full.add({ comm: 'hog', cgroup: '/docker/one' });
  full.events.push(
    count(full, victim, '/docker/one'),
    kill(full, victim, { source: 'journal', scope: 'machine' }),
  );
  const [ran] = full.pass(20);
  expect(ran!.alert).toMatchObject({ severity: 'critical' });
  expect(ran!.alert.text).toContain('The machine ran out of memory.');
});

const SCOPE = '/user.slice/user-1000.slice/user@1000.service/app.slice/app-kitty-4021.scope';

test('what systemd-oomd ended is one alert, that names it and the group, not one for each process', () => {
  const machine = new Machine();
  const session = machine.addSession();
  const victims = machine.many(20, { comm: 'node', cgroup: SCOPE, session: refOf(session), rss_bytes: GB });
  machine.pass(10);
  machine.remove(victims);
  const by = 'systemd-oomd';
  for (const victim of victims) machine.events.push(kill(machine, victim, { by, rss_bytes: GB }));
  machine.pass(2, 2);
  machine.events.push(
    kill(machine, victims[0]!, {
      by,
      victim: nameless,
      cgroup: SCOPE,
      session: null,
      rss_bytes: null,
      source: 'journal',
      // `Marked … for killing` is said before.
      time_ms: machine.now_ms - 2_500,
    }),
  );
  machine.pass(60);
  expect(machine.said.filter(({ type }) => type === 'alert_opened').map(({ alert }) => alert.title)).toEqual([
    'systemd-oomd ended app-kitty-4021.scope (20 processes) for want of memory',
  ]);
  expect(machine.open[0]!).toMatchObject({ severity: 'critical', subject: { uid: 1000 } });
  expect(machine.open[0]!.text).toBe(
    `Memory was short, and systemd-oomd ended all of ${SCOPE} (node) before the kernel had to. It held 20 GB. It belonged to the Claude Code session in ~/shop.`,
  );
});

test('systemd-oomd’s word alone is enough, and is that user’s whose group it was', () => {
  const machine = new Machine();
  const of = machine.add({ comm: 'x' });
  machine.pass(10);
  machine.events.push(
    kill(machine, of, {
      by: 'systemd-oomd',
      victim: nameless,
      cgroup: SCOPE,
      session: null,
      rss_bytes: null,
      source: 'journal',
    }),
  );
  const [change] = machine.pass(20);
  expect(change!.alert.title).toBe('systemd-oomd ended app-kitty-4021.scope for want of memory');
  expect(change!.alert.subject.uid).toBe(1000);
});

test('earlyoom’s word and the kernel’s of one kill are one; whose it was is known from before', () => {
  const machine = new Machine();
  const session = machine.addSession();
  const victim = machine.add({ comm: 'chrome', session: refOf(session) });
  machine.pass(10);
  machine.remove([victim]);
  const said = { by: 'earlyoom', source: 'journal', session: null } as const;
  machine.events.push(
    kill(machine, { ...victim, start_ticks: 0 }, said),
    kill(machine, { ...victim, start_ticks: 0 }, { ...said, time_ms: machine.now_ms + 500 }),
    kill(machine, victim, { by: 'earlyoom', time_ms: machine.now_ms + 700 }),
  );
  const changes = machine.pass(60);
  expect(changes.map(({ alert }) => alert.title)).toEqual([
    `earlyoom ended chrome (pid ${victim.pid}) for want of memory`,
  ]);
  expect(changes[0]!.alert.text).toContain('It belonged to the Claude Code session in ~/shop.');
});
