import { expect, test } from 'vitest';
import type { Member } from './family.js';
import { complaints, growths, type Sample, table } from './growth.js';

const MINUTE_MS = 60_000;
const member = (over: Partial<Member>): Member => ({
  pid: 7,
  name: 'daemon',
  rss_bytes: 100e6,
  anonymous_bytes: 50e6,
  fds: 30,
  proc_fds: 100,
  ...over,
});
/** Each minute of half an hour. */
const samples = (of: (minute: number) => Member[]): Sample[] =>
  Array.from({ length: 30 }, (_, i) => ({
    time_ms: (i + 1) * MINUTE_MS,
    members: of(i + 1),
    database_bytes: 0,
  }));

test('memory that is collected late is not called a leak, a heap that keeps more is', () => {
  const list = samples(minute => [
    member({ rss_bytes: 100e6 + minute * 1e6, anonymous_bytes: minute * 1e6 }),
  ]);
  const heaps = (last: number) => [
    { time_ms: 6 * MINUTE_MS, pid: 7, bytes: 20e6 },
    { time_ms: 30 * MINUTE_MS, pid: 7, bytes: last },
  ];
  const [lazy] = growths(list, heaps(20.4e6), 30 * MINUTE_MS);
  expect(lazy!.rss.rise).toBeCloseTo(60e6);
  expect(lazy!.heap_bytes!.per_hour).toBeCloseTo(1e6);
  expect(complaints(lazy!)).toEqual([]);
  const [leak] = growths(list, heaps(24e6), 30 * MINUTE_MS);
  expect(complaints(leak!)).toEqual(['daemon 7 leaks memory: its heap holds more after each collection']);
});

test('what rose while warming up and stays is flat', () => {
  const list = samples(minute => [member({ rss_bytes: Math.min(minute, 14) * 10e6 })]);
  const [growth] = growths(list, [], 30 * MINUTE_MS);
  expect(growth!.rss).toEqual({ rise: 0, error: 0 });
  expect(growth!.rss_bytes).toEqual({ first: 70e6, last: 140e6, most: 140e6 });
});

test('descriptors that rise are told; a process that came or went is not judged', () => {
  const list = samples(minute => [
    member({ fds: 30 + minute }),
    ...(minute > 10 ? [member({ pid: 8, name: 'helper' })] : []),
    ...(minute < 20 ? [member({ pid: 9, name: 'helper' })] : []),
  ]);
  const found = growths(list, [], 30 * MINUTE_MS);
  expect(found.map(({ pid }) => pid)).toEqual([7]);
  expect(found.flatMap(complaints)).toEqual(['daemon 7 leaks descriptors']);
  expect(table(found)).toContain('37 → 46');
});

test('clients that stay for some minutes leak nothing, also at the end', () => {
  const list = samples(minute => [member({ fds: minute % 9 < 5 || minute > 28 ? 50 : 30 })]);
  expect(growths(list, [], 30 * MINUTE_MS).flatMap(complaints)).toEqual([]);
});
