import type { MemoryLimitSample, ProcessSample } from '../../../model/snapshot.js';
import { cgroupLines } from '../../procfs/table-details.js';
import { parseMountinfo } from '../filesystems/mounts.js';
import { MOUNTS_BYTES, readText, tryReadNumber, tryReadText } from '../read.js';
import { findHierarchies, type Hierarchy } from './hierarchies.js';
import { keyed, parseLimit, readMemoryUsage } from './read.js';

const MB = 1024 * 1024;
/** Smaller processes do not matter, smaller changes are no growth. */
const FROM_BYTES = 16 * MB;
const GREW_BYTES = 2 * MB;
/** The limits of so many that grew most are read, some 50 µs each. */
const MAX_GROWERS = 16;
/** What grew is looked after for so long: what stopped must be seen to have stopped. */
const AFTER_MS = 30_000;
/** Mounts and limits change seldom. */
const MOUNTS_MS = 60_000;
const LIMITS_MS = 5_000;
const MAX_DEPTH = 32;
const MAX_PATHS = 256;

interface Grower {
  start_ticks: number;
  held_bytes: number;
  grew_bytes: number;
  grew_ms: number;
}

interface Limit {
  path: string;
  limit_bytes: number;
}

/**
 * Which limits the processes that grow are under, and how much is left below them. The search of the cgroup collector
 * comes by every two minutes; a container may be full before.
 */
export class MemoryLimits {
  private readonly known = new Map<number, Grower>();
  private readonly limits = new Map<string, { limits: Limit[]; read_ms: number }>();
  private memory: Hierarchy | null = null;
  private mounts_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly procRoot: string) {}

  /** Pids of processes that grow, those that grew most first. Their costly fields are worth a look. */
  growers(processes: readonly ProcessSample[], now_ms: number): number[] {
    const seen = new Set<number>();
    const growing: { pid: number; grew_bytes: number }[] = [];
    for (const { pid, start_ticks, rss_bytes, swap_bytes } of processes) {
      const held_bytes = rss_bytes + (swap_bytes ?? 0);
      if (held_bytes < FROM_BYTES) continue;
      seen.add(pid);
      const before = this.known.get(pid);
      const same = before?.start_ticks === start_ticks ? before : null;
      const more = held_bytes - (same?.held_bytes ?? 0);
      const grew = more >= GREW_BYTES;
      const grower = same ?? { start_ticks, held_bytes, grew_bytes: 0, grew_ms: Number.NEGATIVE_INFINITY };
      if (grew) {
        grower.grew_bytes = more;
        grower.grew_ms = now_ms;
      }
      if (grew || more < 0) grower.held_bytes = held_bytes;
      this.known.set(pid, grower);
      if (now_ms - grower.grew_ms < AFTER_MS) growing.push({ pid, grew_bytes: grower.grew_bytes });
    }
    for (const pid of this.known.keys()) if (!seen.has(pid)) this.known.delete(pid);
    growing.sort((a, b) => b.grew_bytes - a.grew_bytes);
    return growing.slice(0, MAX_GROWERS).map(({ pid }) => pid);
  }

  /** The limits above those processes, each with those of them that are below. */
  sample(pids: readonly number[], now_ms: number): MemoryLimitSample[] {
    if (pids.length === 0) return [];
    const memory = this.hierarchy(now_ms);
    if (memory === null) return [];
    const below = new Map<string, { limit: Limit; pids: number[] }>();
    for (const pid of pids) {
      const path = memoryPath(tryReadText(`${this.procRoot}/${pid}/cgroup`) ?? '', memory);
      for (const limit of path === null ? [] : this.above(memory, path, now_ms)) {
        const entry = below.get(limit.path);
        if (entry === undefined) below.set(limit.path, { limit, pids: [pid] });
        else entry.pids.push(pid);
      }
    }
    return [...below.values()].flatMap(({ limit, pids }) => {
      const used_bytes = usedBytes(memory, limit.path);
      if (used_bytes === null) return [];
      return [{ ...limit, used_bytes, swap_left_bytes: swapLeft(memory, limit.path), pids }];
    });
  }

  private hierarchy(now_ms: number): Hierarchy | null {
    if (now_ms - this.mounts_ms < MOUNTS_MS) return this.memory;
    this.mounts_ms = now_ms;
    this.memory =
      findHierarchies(parseMountinfo(readText(`${this.procRoot}/self/mountinfo`, MOUNTS_BYTES)))?.memory ??
      null;
    return this.memory;
  }

  /** Of the control group and of those that it is in. */
  private above(memory: Hierarchy, path: string, now_ms: number): Limit[] {
    const known = this.limits.get(path);
    if (known !== undefined && now_ms - known.read_ms < LIMITS_MS) return known.limits;
    const limits: Limit[] = [];
    let at = path;
    for (let depth = 0; at !== '' && at !== '/' && depth < MAX_DEPTH; depth++) {
      const limit_bytes = limitOf(memory, at);
      if (limit_bytes !== null && limit_bytes > 0) limits.push({ path: at, limit_bytes });
      at = at.slice(0, at.lastIndexOf('/'));
    }
    if (this.limits.size >= MAX_PATHS) this.limits.clear();
    this.limits.set(path, { limits, read_ms: now_ms });
    return limits;
  }
}

/**
 * How much address space a process may still take, RLIMIT_AS less what it has; null: it is not limited.
 * /proc/PID/limits, proc_pid_limits(5): `Max address space         4294967296           unlimited            bytes`.
 */
export function addressSpaceLeft(procRoot: string, { pid, vsize_bytes }: ProcessSample): number | null {
  if (vsize_bytes === undefined) return null;
  const soft = /^Max address space +(\d+)/m.exec(tryReadText(`${procRoot}/${pid}/limits`) ?? '')?.[1];
  return soft === undefined ? null : Math.max(0, Number(soft) - vsize_bytes);
}

/** The line of the memory controller: `4:memory:/a/b` with version 1, `0::/a/b` with version 2. */
function memoryPath(text: string, { version }: Hierarchy): string | null {
  for (const { controllers, path } of cgroupLines(text))
    if (version === 2 ? controllers === '' : controllers.split(',').includes('memory')) return path;
  return null;
}

/** From `memory.high` on the kernel slows it down until it stands still: an end as well. */
function limitOf({ version, dir }: Hierarchy, path: string): number | null {
  const read = (file: string) => parseLimit(tryReadText(`${dir}${path}/${file}`));
  if (version === 1) return read('memory.limit_in_bytes');
  const [max, high] = [read('memory.max'), read('memory.high')];
  return max === null || high === null ? (max ?? high) : Math.min(max, high);
}

/** File pages are taken back before anything is killed; those of tmpfs are no file pages here. */
function usedBytes(memory: Hierarchy, path: string): number | null {
  const usage = readMemoryUsage(memory, path);
  if (usage === null) return null;
  const stat = tryReadText(`${memory.dir}${path}/memory.stat`);
  const of = (name: string) => keyed(stat, memory.version === 1 ? `total_${name}` : name) ?? 0;
  return Math.max(0, usage - of('inactive_file') - of('active_file'));
}

/** As its own limit of swap says; without one what the machine has is `memory_full_soon`'s to count. */
function swapLeft({ version, dir }: Hierarchy, path: string): number {
  const read = (file: string) => parseLimit(tryReadText(`${dir}${path}/${file}`));
  const used = (file: string) => tryReadNumber(`${dir}${path}/${file}`) ?? 0;
  if (version === 2) return (read('memory.swap.max') ?? 0) - used('memory.swap.current');
  const both = read('memory.memsw.limit_in_bytes');
  const limit = read('memory.limit_in_bytes');
  if (both === null || limit === null) return 0;
  return both - limit - (used('memory.memsw.usage_in_bytes') - used('memory.usage_in_bytes'));
}
