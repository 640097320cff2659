import type { Snapshot } from '../../model/snapshot.js';
import { Climb } from '../statistics/climb.js';
import { type Points, Series } from '../statistics/series.js';

/** Values of a pool: some 20 s at the shortest interval, some minutes at the usual one. */
const POINTS = 40;
const SPACING_MS = 300;
/** A limit that no growing process is under any more. */
const FORGOTTEN_MS = 60_000;

/** A fall is measured over so long: a twentieth of the time that is left, within these. */
const LEAST_SPAN_MS = 950;
const MOST_SPAN_MS = 15_000;
const SPAN_SHARE = 1 / 20;
/** Its newer half goes on at no less than this part of its pace. */
const STILL_SHARE = 1 / 4;

/** Memory that runs out: the machine's, or that of a control group with a limit. */
export interface Pool {
  /** Path of the control group; null: the machine. */
  path: string | null;
  total_bytes: number;
  /** What can be had without pushing anything out but caches. */
  left_bytes: number;
  /** Of what is used, 0 to 1. */
  used_share: number;
  /** Processes of it that grow; null: any. */
  pids: ReadonlySet<number> | null;
}

/** How what is left gets less. */
export interface Fall {
  since_ms: number;
  bytes: number;
  bytes_per_s: number;
  /** When nothing is left if it goes on. */
  ends_in_ms: number;
  /** Of the bytes, what files in memory (tmpfs) took. */
  shmem_bytes: number;
  /** The rise in use that it is a part of. */
  climb: Climb;
}

interface Track {
  pool: Pool;
  left: Series;
  shmem: Series;
  climb: Climb;
  seen_ms: number;
}

/** The pools over the last seconds to minutes. */
export class MemoryPools {
  private readonly tracks = new Map<string | null, Track>();

  /** @param gap nothing was seen for so long that what was before says nothing */
  add({ time_ms, host, limits = [] }: Snapshot, gap: boolean): void {
    if (gap) this.tracks.clear();
    const { memory } = host;
    if (memory !== null && memory.total_bytes > 0) {
      const { total_bytes, available_bytes, used_bytes, shmem_bytes = 0 } = memory;
      const left_bytes =
        available_bytes + swapWorth(memory.swap_total_bytes - memory.swap_used_bytes, total_bytes);
      const pool = { path: null, total_bytes, left_bytes, used_share: used_bytes / total_bytes, pids: null };
      this.put(pool, time_ms, shmem_bytes);
    }
    for (const { path, limit_bytes, used_bytes, swap_left_bytes, pids } of limits) {
      const left_bytes = Math.max(0, limit_bytes - used_bytes) + swapWorth(swap_left_bytes, limit_bytes);
      const used_share = used_bytes / limit_bytes;
      this.put({ path, total_bytes: limit_bytes, left_bytes, used_share, pids: new Set(pids) }, time_ms, 0);
    }
    for (const [path, { seen_ms }] of this.tracks)
      if (time_ms - seen_ms > FORGOTTEN_MS) this.tracks.delete(path);
  }

  /** Those of the last snapshot that run out, soonest first. Told by two windows on end: one may be chance. */
  falling(now_ms: number): { pool: Pool; fall: Fall }[] {
    const found: { pool: Pool; fall: Fall }[] = [];
    for (const { pool, left, shmem, climb, seen_ms } of this.tracks.values()) {
      if (seen_ms !== now_ms) continue;
      const points = left.since(Number.NEGATIVE_INFINITY);
      const fall = fallAt(points, points.values.length - 1);
      const before = fallAt(points, points.values.length - 2);
      if (fall === null || before === null || before.ends_in_ms > 2 * fall.ends_in_ms + MOST_SPAN_MS)
        continue;
      const files = shmem.since(fall.since_ms).values;
      found.push({ pool, fall: { ...fall, shmem_bytes: (files.at(-1) ?? 0) - (files[0] ?? 0), climb } });
    }
    return found.sort((a, b) => a.fall.ends_in_ms - b.fall.ends_in_ms);
  }

  /** When the first of them is used up, by its last values alone; infinite: none falls. A new one may at once. */
  endsIn_ms(now_ms: number): number {
    let soonest_ms = Number.POSITIVE_INFINITY;
    for (const { left, seen_ms, pool } of this.tracks.values()) {
      if (seen_ms !== now_ms) continue;
      const { values, times_ms } = left.since(Number.NEGATIVE_INFINITY);
      if (values.length < 2) {
        if (pool.path !== null) soonest_ms = 0;
        continue;
      }
      const per_ms = (values.at(-2)! - values.at(-1)!) / (times_ms.at(-1)! - times_ms.at(-2)!);
      if (per_ms > 0) soonest_ms = Math.min(soonest_ms, values.at(-1)! / per_ms);
    }
    return soonest_ms;
  }

  private put(pool: Pool, time_ms: number, shmem_bytes: number): void {
    const known = this.tracks.get(pool.path);
    const used_bytes = pool.total_bytes - pool.left_bytes;
    // Another limit is another pool.
    const track = known?.pool.total_bytes === pool.total_bytes ? known : newTrack(pool, time_ms, used_bytes);
    track.pool = pool;
    track.seen_ms = time_ms;
    track.left.add(time_ms, pool.left_bytes);
    track.shmem.add(time_ms, shmem_bytes);
    track.climb.add(time_ms, used_bytes);
    this.tracks.set(pool.path, track);
  }
}

/** The fall that ends at that value, over at least three values; null: there is none, or it has ended. */
function fallAt({ times_ms, values }: Points, end: number): Omit<Fall, 'shmem_bytes' | 'climb'> | null {
  for (let begin = end - 2; begin >= 0; begin--) {
    const span_ms = times_ms[end]! - times_ms[begin]!;
    if (span_ms < LEAST_SPAN_MS) continue;
    const bytes = values[begin]! - values[end]!;
    const per_ms = bytes / span_ms;
    const ends_in_ms = per_ms > 0 ? values[end]! / per_ms : Number.POSITIVE_INFINITY;
    if (begin > 0 && span_ms < Math.min(ends_in_ms * SPAN_SHARE, MOST_SPAN_MS)) continue;
    if (per_ms <= 0) return null;
    const middle = Math.ceil((begin + end) / 2);
    const late = (values[middle]! - values[end]!) / (times_ms[end]! - times_ms[middle]!);
    if (late < per_ms * STILL_SHARE) return null;
    return { since_ms: times_ms[begin]!, bytes, bytes_per_s: per_ms * 1000, ends_in_ms };
  }
  return null;
}

/** Who must swap stands still long before the swap is full. */
function swapWorth(free_bytes: number, total_bytes: number): number {
  return Math.min(Math.max(0, free_bytes) / 4, total_bytes / 10);
}

function newTrack(pool: Pool, time_ms: number, used_bytes: number): Track {
  const series = () => new Series(POINTS, SPACING_MS);
  return { pool, left: series(), shmem: series(), climb: new Climb(time_ms, used_bytes), seen_ms: time_ms };
}
