import { describe, expect, test } from 'vitest';
import { brief, filesystem, GB, Machine, MB, memory, quietHost, refOf } from '../machine.js';

/** What holds the memory is named as what it is. */

const pressure = (some_avg60: number) => {
  const { pressure } = quietHost();
  return { ...pressure!, memory: { ...pressure!.memory!, some_avg60 } };
};

describe('swap', () => {
  const full = { swap_used_bytes: 3.4 * GB };
  test('that is full of what nobody needs is no trouble while memory has room for it', () => {
    const machine = new Machine();
    machine.host = { ...quietHost(), memory: memory(20, full) };
    expect(machine.pass(3600)).toEqual([]);
  });

  test.each([
    ['it is read all the time', { memory: memory(20, { ...full, swap_in_per_s: 400 }) }],
    ['it is written', { memory: memory(20, { ...full, swap_out_per_s: 400 }) }],
    ['somebody waits for memory', { memory: memory(20, full), pressure: pressure(5) }],
    ['memory could not take it back', { memory: memory(79, full) }],
  ])('is critical when %s, and over when that is', (_name, bad) => {
    const machine = new Machine();
    machine.host = { ...quietHost(), ...bad };
    expect(brief(machine.pass(300))).toEqual(['opened swap critical']);
    machine.host = { ...quietHost(), memory: memory(20, full) };
    expect(brief(machine.pass(300))).toEqual(['resolved swap critical']);
  });
});

test('tmpfs that holds 12 GB is named, not the browser', () => {
  const machine = new Machine();
  machine.add({ comm: 'firefox', rss_bytes: 1.5 * GB });
  const shm = filesystem({
    mount: '/dev/shm',
    device: 'tmpfs',
    type: 'tmpfs',
    total_bytes: 14 * GB,
    available_bytes: 2 * GB,
  });
  machine.host = {
    ...quietHost(),
    memory: memory(91, { shmem_bytes: 12.2 * GB }),
    filesystems: [filesystem(), { ...shm }],
  };
  const [change] = machine.pass(60).filter(({ alert }) => alert.rule === 'ram');
  expect(change!.alert.text).toMatch(
    /Most is held by files in \/dev\/shm \(tmpfs, 12 GB\), firefox \(1\.5 GB\)/,
  );
  expect(change!.alert.suggestion).toMatch(/^Files in a tmpfs/);
});

test('shared memory that no mount shows is named as well', () => {
  const machine = new Machine();
  machine.add({ comm: 'firefox', rss_bytes: 1.5 * GB });
  machine.host = { ...quietHost(), memory: memory(91, { shmem_bytes: 12 * GB }) };
  const [change] = machine.pass(60);
  expect(change!.alert.text).toMatch(
    /Most is held by shared memory and files in memory elsewhere \(12 GB\), firefox/,
  );
});

test('an agent of 1 GB with 6 GB swapped out holds 7 GB', () => {
  const machine = new Machine();
  const session = machine.addSession();
  const main = machine.processes.find(({ pid }) => pid === session.pid)!;
  Object.assign(main, { rss_bytes: GB, anon_bytes: GB, swap_bytes: 6 * GB });
  const changes = machine.pass(120);
  expect(brief(changes)).toEqual(['opened agent_memory warning']);
  expect(changes[0]!.alert.text).toMatch(/^7 GB resident or swapped out/);
});

describe('idle agents', () => {
  const waiting = (machine: Machine, count: number, bytes: number, changes: object = {}) => {
    for (let i = 0; i < count; i++) {
      const session = machine.addSession({ cwd: `/home/ann/p${i}`, state: 'WAITING', ...changes });
      machine.processes.at(-1)!.rss_bytes = bytes;
      machine.add({
        comm: 'node',
        cmdline: `node srv${i}.js`,
        ppid: session.pid,
        rss_bytes: 100 * MB,
        session: refOf(session),
      });
    }
  };

  test('six that hold 45 % together are told once, as what they are', () => {
    const machine = new Machine();
    waiting(machine, 6, 1.1 * GB);
    const changes = machine.pass(900);
    expect(brief(changes)).toEqual(['opened idle_agents warning']);
    expect(changes[0]!.alert).toMatchObject({
      title: '6 waiting agents hold much memory together',
      text: expect.stringMatching(
        /^7\.2 GB, 45 % of the memory \(threshold 30 %\), with what they started: the Claude Code session in ~\/p0/,
      ),
      subject: { uid: 1000, kind: 'processes' },
    });
    for (const session of machine.sessions.slice(2)) machine.endSession(session);
    expect(brief(machine.pass(300))).toContain('resolved idle_agents warning');
  });

  test.each<[string, (machine: Machine) => void]>([
    ['that work', machine => waiting(machine, 6, 1.1 * GB, { state: 'WORKING' })],
    [
      'of which each is of another user',
      machine => {
        waiting(machine, 6, 1.1 * GB);
        for (const [i, session] of machine.sessions.entries()) session.uid = 1000 + i;
      },
    ],
    ['that are small', machine => waiting(machine, 6, 0.4 * GB)],
    ['one alone', machine => waiting(machine, 1, 3.9 * GB)],
  ])('%s: nothing is said', (_name, make) => {
    const machine = new Machine();
    make(machine);
    expect(machine.pass(900)).toEqual([]);
  });
});
