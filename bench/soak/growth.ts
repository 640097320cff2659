import type { Member } from './family.js';
import { type Slope, slope } from './slope.js';

/** All of vigil at one moment. */
export interface Sample {
  /** Since the start. */
  time_ms: number;
  members: readonly Member[];
  database_bytes: number;
}

/** What a process holds after a collection of its garbage; of programs that are not ours there are none. */
export interface Heap {
  time_ms: number;
  pid: number;
  bytes: number;
}

/** How one process changed. Slopes are per hour, over the last half: by then caches and compilers have settled. */
export interface Growth {
  name: string;
  pid: number;
  rss_bytes: { first: number; last: number; most: number };
  rss: Slope;
  /** Without the pages of files. */
  own: Slope;
  /** Null: no heap of ours, or it came too late to compare. */
  heap_bytes: { first: number; last: number; per_hour: number } | null;
  /** How many it has at least: clients and helpers that come and go are above that, what leaks is not. */
  fds: { first: number; last: number; per_hour: number };
  proc_fds: { first: number; last: number };
}

const HOUR_MS = 3_600_000;

/** Of each process that was there from the first fifth to the end; what comes and goes cannot leak for long. */
export function growths(samples: readonly Sample[], heaps: readonly Heap[], length_ms: number): Growth[] {
  const warm = samples.filter(({ time_ms }) => time_ms > length_ms / 5);
  const stayed = (warm[0]?.members ?? []).filter(({ pid }) =>
    warm.at(-1)!.members.some(member => member.pid === pid),
  );
  return stayed.map(({ pid, name }) => {
    const track = warm.flatMap(({ time_ms, members }) => {
      const member = members.find(one => one.pid === pid);
      return member === undefined ? [] : [{ time_ms, member }];
    });
    const late = track.filter(({ time_ms }) => time_ms > length_ms / 2);
    const perHour = (of: typeof track, figure: (member: Member) => number) =>
      slope(of.map(({ time_ms, member }) => [time_ms / HOUR_MS, figure(member)] as const));
    const [first, last] = [track[0]!.member, track.at(-1)!.member];
    return {
      name,
      pid,
      rss_bytes: {
        first: first.rss_bytes,
        last: last.rss_bytes,
        most: Math.max(...track.map(({ member }) => member.rss_bytes)),
      },
      rss: perHour(late, member => member.rss_bytes),
      own: perHour(late, member => member.anonymous_bytes),
      heap_bytes: heapGrowth(heaps.filter(heap => heap.pid === pid)),
      fds: {
        first: least(track.filter(({ time_ms }) => time_ms <= length_ms / 2)),
        last: least(late),
        per_hour: perHour(track, member => member.fds).rise,
      },
      proc_fds: { first: first.proc_fds, last: last.proc_fds },
    };
  });
}

function least(of: readonly { member: Member }[]): number {
  return Math.min(...of.map(({ member }) => member.fds));
}

function heapGrowth(heaps: readonly Heap[]): Growth['heap_bytes'] {
  const [first, last] = [heaps[0], heaps.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const per_hour = ((last.bytes - first.bytes) / (last.time_ms - first.time_ms)) * HOUR_MS;
  return { first: first.bytes, last: last.bytes, per_hour };
}

/** Compiled code and statistics of types grow the heap for a while; more than that is a leak. */
const HEAP_MAY_GROW_BYTES = 3e6;
const FDS_MAY_GROW = 5;

/** What must not be so, in words. */
export function complaints({ name, pid, heap_bytes, fds }: Growth): string[] {
  const found: string[] = [];
  if (heap_bytes !== null && heap_bytes.last - heap_bytes.first > HEAP_MAY_GROW_BYTES)
    found.push(`${name} ${pid} leaks memory: its heap holds more after each collection`);
  if (fds.last - fds.first > FDS_MAY_GROW) found.push(`${name} ${pid} leaks descriptors`);
  return found;
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
const signed = (bytes: number) => `${bytes < 0 ? '' : '+'}${mb(bytes)}`;
const rising = ({ rise, error }: Slope) => `${signed(rise)} ± ${mb(error)}`;

export function table(list: readonly Growth[]): string {
  const head = [
    'process',
    'RSS MB (most)',
    'MB/h, last half',
    'own memory MB/h',
    'heap collected MB',
    'MB/h',
    'least fds, by halves',
    'fds/h',
    'of /proc',
  ];
  const rows = list.map(({ name, pid, rss_bytes, rss, own, heap_bytes, fds, proc_fds }) => [
    `${name} ${pid}`,
    `${mb(rss_bytes.first)} → ${mb(rss_bytes.last)} (${mb(rss_bytes.most)})`,
    rising(rss),
    rising(own),
    heap_bytes === null ? '' : `${mb(heap_bytes.first)} → ${mb(heap_bytes.last)}`,
    heap_bytes === null ? '' : signed(heap_bytes.per_hour),
    `${fds.first} → ${fds.last}`,
    fds.per_hour.toFixed(1),
    `${proc_fds.first} → ${proc_fds.last}`,
  ]);
  const widths = head.map((title, i) => Math.max(...[title, ...rows.map(row => row[i]!)].map(s => s.length)));
  return [head, ...rows].map(row => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')).join('\n');
}
