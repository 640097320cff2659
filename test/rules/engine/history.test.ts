import { expect, test } from 'vitest';
import { History } from '../../../src/rules/engine/history.js';
import { Baseline } from '../../../src/rules/statistics/baseline.js';
import { filesystem, GB, Machine, MB, quietHost } from '../machine.js';

function history(): History {
  return new History({
    windows: { memory_ms: 300_000, memory_long_ms: 3_600_000, fds_ms: 600_000 },
    gap_ms: 45_000,
    baseline: new Baseline(() => 0),
    self_pid: 2,
    ignores: processes => processes.map(() => false),
  });
}

/** Numbers that it holds: a measure of its memory that no garbage collector disturbs. */
function size(value: unknown, seen = new Set<unknown>()): number {
  if (value === null || typeof value !== 'object') return 1;
  if (seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength / 8;
  const parts =
    value instanceof Map
      ? [...value.entries()].flat()
      : value instanceof Set
        ? [...value]
        : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + size(part, seen), 1);
}

test('its memory depends on what runs, not on how long, whatever comes and goes', () => {
  const machine = new Machine();
  const known = history();
  const step = (n: number) => {
    machine.now_ms += 10_000;
    machine.processes = machine.processes.slice(-60);
    machine.many(60, { comm: `c${n}`, anon_bytes: 100 * MB, fds: 200, cpu_percent: n % 100, state: 'R' });
    machine.host = {
      ...quietHost(),
      filesystems: [filesystem({ available_bytes: GB + n }), filesystem({ mount: `/m${n}` })],
    };
    machine.events.push({
      type: 'unit_failed',
      time_ms: machine.now_ms,
      unit: `u${n}`,
      uid: n % 2 ? null : 1000 + n,
      result: 'x',
    });
    known.add(machine.snapshot());
  };
  // Longer than anything is kept by number; events and exits are full by then.
  for (let n = 0; n < 600; n++) step(n);
  const before = size(known);
  for (let n = 600; n < 1200; n++) step(n);
  expect(size(known)).toBeLessThan(before * 1.05);
});

test('small processes cost next to nothing', () => {
  const machine = new Machine();
  const known = history();
  machine.many(1000, { comm: 'sleep' });
  for (let n = 0; n < 100; n++) {
    machine.now_ms += 10_000;
    known.add(machine.snapshot());
  }
  expect(size(known) / 1000).toBeLessThan(100);
});

test('a mount that is missing for a moment keeps its past', () => {
  const machine = new Machine();
  const known = history();
  known.add(machine.snapshot());
  machine.host = { ...quietHost(), filesystems: [] };
  machine.now_ms += 60_000;
  known.add(machine.snapshot());
  expect(known.filesystems.has('/')).toBe(true);
  machine.now_ms += 700_000;
  known.add(machine.snapshot());
  expect(known.filesystems.has('/')).toBe(false);
});

test('an exec makes it another program', () => {
  const machine = new Machine();
  const known = history();
  const process = machine.add({ comm: 'bash', cmdline: 'bash' });
  known.add(machine.snapshot());
  expect(known.process(process.pid)!.features.prompt).toBe(true);
  process.comm = 'node';
  process.cmdline = 'node server.js';
  machine.now_ms += 10_000;
  known.add(machine.snapshot());
  expect(known.process(process.pid)!.features).toMatchObject({ prompt: false, script: 'node server.js' });
});
