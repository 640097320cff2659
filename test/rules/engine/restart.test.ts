import { describe, expect, test } from 'vitest';
import { brief, filesystem, GB, Machine, MB, refOf } from '../machine.js';

/** What is wrong is neither over nor new because vigil was started again: nothing is said at all. */

type Settings = ConstructorParameters<typeof Machine>[0];

/** The same machine under a daemon that was just started: of what was known, only open alerts are left. */
function restarted(before: Machine, settings?: Settings): Machine {
  const after = new Machine(settings);
  after.now_ms = before.now_ms + 5_000;
  after.lastId = before.lastId;
  after.host = before.host;
  after.processes = before.processes;
  after.sessions = before.sessions;
  after.engine.restore(after.now_ms, before.open, []);
  return after;
}

function mounted(machine: Machine, changes: Parameters<typeof filesystem>[0] = {}): void {
  machine.host = { ...machine.host, filesystems: [filesystem(changes)] };
}

const keys = (machine: Machine) => machine.open.map(({ id, key }) => `${id} ${key}`);

describe('a filesystem that became read-only', () => {
  function readOnly(): Machine {
    const before = new Machine();
    mounted(before);
    before.pass(60);
    mounted(before, { read_only: true });
    expect(brief(before.pass(60))).toEqual(['opened read_only_remount critical']);
    return before;
  }

  test('is that for as long as it is read-only', () => {
    const after = restarted(readOnly());
    expect(after.pass(3_600)).toEqual([]);
    expect(keys(after)).toEqual(['1 read_only_remount:/']);
    mounted(after);
    expect(brief(after.pass(300))).toEqual(['resolved read_only_remount critical']);
    // Nor is it a word on the other ones, which are read-only by nature.
    mounted(after, { mount: '/media/cd', device: '/dev/sr0', read_only: true });
    expect(after.pass(300)).toEqual([]);
  });

  test('also after a second restart, and when it was read late', () => {
    const second = restarted(readOnly());
    second.pass(30);
    const third = restarted(second);
    third.host = { ...third.host, filesystems: [] };
    expect(third.pass(60)).toEqual([]);
    mounted(third, { read_only: true });
    expect(third.pass(3_600)).toEqual([]);
    expect(keys(third)).toEqual(['1 read_only_remount:/']);
  });
});

test('zombies are seen again when they have been dead for long enough', () => {
  const before = new Machine();
  const parent = before.add({ comm: 'bad' });
  const dead = before.add({ comm: 'kid', state: 'Z', ppid: parent.pid });
  expect(brief(before.pass(600))).toEqual(['opened zombie warning']);
  const after = restarted(before);
  expect(after.pass(1_200)).toEqual([]);
  expect(after.open).toHaveLength(1);
  after.remove([dead]);
  expect(brief(after.pass(60))).toEqual(['resolved zombie warning']);
});

test('who ended while nobody looked is not waited for', () => {
  const before = new Machine();
  const parent = before.add({ comm: 'bad' });
  const dead = before.add({ comm: 'kid', state: 'Z', ppid: parent.pid });
  before.pass(600);
  const after = restarted(before);
  after.remove([dead]);
  expect(brief(after.pass(60))).toEqual(['resolved zombie warning']);
});

test.each([
  ['stopped', 'T'],
  ['hang', 'D'],
])('%s: as long as its own duration', (rule, state) => {
  const settings = { detection: { [rule]: { duration_s: 900 } } };
  const before = new Machine(settings);
  before.add({ comm: 'still', state });
  expect(before.pass(1_200)).toHaveLength(1);
  const after = restarted(before, settings);
  expect(after.pass(2_000)).toEqual([]);
  expect(after.open).toHaveLength(1);
});

test('a leak of files, whose number is read once a minute', () => {
  const before = new Machine();
  const leaky = before.add({ comm: 'leaky', fds: 100 });
  let looks = 0;
  const grow = () => {
    if (++looks % 6 === 0) leaky.fds! += 120;
  };
  expect(brief(before.pass(900, 10, grow))).toEqual(['opened fd_leak warning']);
  const after = restarted(before);
  expect(after.pass(1_800, 10, grow)).toEqual([]);
  expect(after.open).toHaveLength(1);
  expect(brief(after.pass(1_800))).toEqual(['resolved fd_leak warning']);
});

test('a disk that fills up within a day', () => {
  let available_bytes = 100 * GB;
  const before = new Machine();
  const fill = (machine: Machine) => () => {
    available_bytes -= (10 * GB) / 360;
    mounted(machine, { available_bytes });
  };
  expect(brief(before.pass(5_400, 10, fill(before)))).toEqual(['opened disk_full_soon warning']);
  const after = restarted(before);
  expect(after.pass(7_200, 10, fill(after)).filter(({ type }) => type !== 'alert_updated')).toEqual([]);
  expect(keys(after)).toEqual(['1 disk_full_soon:/']);
  // It does not fill any more: said once the time has passed in which that could be seen.
  expect(brief(after.pass(10_800))).toContain('resolved disk_full_soon warning');
});

test.each([60, 180])('a slow leak, seen within %i minutes', slope_window_minutes => {
  const settings = { detection: { memory_leak: { slope_window_minutes } } };
  const before = new Machine(settings);
  const slow = before.add({ comm: 'slow', anon_bytes: 300 * MB });
  const grow = () => {
    slow.anon_bytes! += (300 * MB) / 360;
  };
  expect(brief(before.pass(slope_window_minutes * 60, 10, grow))).toEqual(['opened memory_leak warning']);
  const after = restarted(before, settings);
  // As in the first minute of the table of processes: not read yet.
  const anon_bytes = slow.anon_bytes!;
  slow.anon_bytes = null;
  expect(after.pass(60)).toEqual([]);
  slow.anon_bytes = anon_bytes;
  expect(after.pass(slope_window_minutes * 60, 10, grow)).toEqual([]);
  expect(after.open).toHaveLength(1);
});

test('a fast leak that is over is not waited for as a slow one is', () => {
  const before = new Machine();
  const fast = before.add({ comm: 'fast', anon_bytes: 200 * MB });
  const grow = () => {
    fast.anon_bytes! += 30 * MB;
  };
  expect(brief(before.pass(600, 10, grow)).slice(0, 1)).toEqual(['opened memory_leak warning']);
  const after = restarted(before);
  expect(brief(after.pass(900))).toEqual(['resolved memory_leak warning']);
});

test('duplicates of a living session go on at once', () => {
  const before = new Machine();
  const session = before.addSession();
  before.many(8, {
    comm: 'node',
    cmdline: 'node /opt/mcp/server.js',
    ppid: session.pid,
    session: refOf(session),
  });
  expect(brief(before.pass(120))).toEqual(['opened duplicates warning']);
  const after = restarted(before);
  expect(after.pass(600)).toEqual([]);
  expect(after.open).toHaveLength(1);
});

describe('what is found again after a restart', () => {
  test('is told once, with the processes of now; what is not seen is not', () => {
    const before = new Machine();
    before.many(8, { comm: 'node', cmdline: 'node /opt/mcp/server.js' });
    const parent = before.add({ comm: 'bad' });
    before.add({ comm: 'kid', state: 'Z', ppid: parent.pid });
    expect(before.pass(600)).toHaveLength(2);
    expect(before.engine.foundAgain()).toEqual([]);
    const after = restarted(before);
    after.remove(after.processes.filter(({ comm }) => comm === 'node').slice(-2));
    expect(after.engine.foundAgain()).toEqual([]);
    after.pass(10);
    const [duplicates, ...rest] = after.engine.foundAgain();
    expect(rest).toEqual([]);
    expect(duplicates).toMatchObject({ id: 1, rule: 'duplicates', status: 'open' });
    expect(duplicates!.subject.processes).toHaveLength(6);
    after.pass(200);
    expect(after.engine.foundAgain()).toEqual([]);
    after.pass(400);
    expect(after.engine.foundAgain()).toMatchObject([{ id: 2, rule: 'zombie' }]);
  });

  test('is not what fell below its threshold meanwhile', () => {
    const before = new Machine();
    before.many(8, { comm: 'node', cmdline: 'node /opt/mcp/server.js' });
    before.pass(600);
    const after = restarted(before);
    after.remove(after.processes.filter(({ comm }) => comm === 'node').slice(-5));
    expect(brief(after.pass(300))).toEqual(['resolved duplicates warning']);
    expect(after.engine.foundAgain()).toEqual([]);
    // What comes back is told as what it is, another one.
    after.many(8, { comm: 'node', cmdline: 'node /opt/mcp/server.js' });
    expect(brief(after.pass(300))).toEqual(['opened duplicates warning']);
    expect(after.engine.foundAgain()).toEqual([]);
  });
});
