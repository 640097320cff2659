import { z } from 'zod';
import { MOUNTS_BYTES, readText } from '../../../lib/files/bounded-read.js';
import { bytes, count, type FieldTypes, list, text } from '../../../model/schema.js';
import type { MachineEvent } from '../../../model/snapshot.js';
import { type Collector, type Context, defineCollector, NotHere, type Part } from '../collector.js';
import { parseMountinfo } from '../filesystems/mounts.js';
import { perSecond } from '../rate.js';
import { findHierarchies, type Hierarchies } from './hierarchies.js';
import { OomCounter } from './oom-counter.js';
import { readOomKills, readUsage } from './read.js';
import { type Candidate, CgroupSearch } from './search.js';

/** A cgroup that is worth a look: those with a limit, and those of services and login sessions. */
const cgroup = z
  .strictObject({
    path: text.describe('as in /proc/PID/cgroup'),
    memory_bytes: bytes
      .nullable()
      .describe('without inactive file pages, which the kernel takes back before it kills'),
    memory_limit_bytes: bytes.nullable(),
    swap_bytes: bytes.nullable(),
    cpu_percent: z.number().nullable(),
    pids: count.nullable(),
    pids_limit: z.number().nullable(),
    oom_kills: count.nullable().describe('since it was made, of processes in it; v2: and below it'),
  })
  .meta({ id: 'CgroupSample' });
export type CgroupSample = z.infer<typeof cgroup>;

const fields = { cgroups: list(cgroup) };
type CgroupSlice = FieldTypes<typeof fields>;

declare module '../../../model/snapshot.js' {
  interface HostSample extends CgroupSlice {}
}

const SEARCH_MS = 120_000;
/** Looked at in one round of a search: some 50 µs each. */
const STEP = 100;
/** Each file takes 20 µs, and there are six for each cgroup. */
const READ_MS = 30_000;

/** Use and limits of the cgroups that have a memory limit, and of the units that use most memory. */
export class CgroupCollector implements Collector<CgroupSlice> {
  private hierarchies: Hierarchies | null = null;
  private search: CgroupSearch | null = null;
  private searched_ms = Number.NEGATIVE_INFINITY;
  private chosen: Candidate[] = [];
  private read_ms = Number.NEGATIVE_INFINITY;
  private readonly oomCounter = new OomCounter();
  private samples: readonly CgroupSample[] = [];
  private before: { cpu_ms: Map<string, number>; now_ms: number } = { cpu_ms: new Map(), now_ms: 0 };

  /** `step`: directories that a search looks at in one round. */
  constructor(private readonly step = STEP) {}

  collect({ roots, now_ms }: Context): Part<CgroupSlice> {
    if (this.search === null && now_ms - this.searched_ms >= SEARCH_MS) {
      const mounts = parseMountinfo(readText(`${roots.proc}/self/mountinfo`, MOUNTS_BYTES, 'utf8'));
      this.hierarchies = findHierarchies(mounts);
      if (this.hierarchies === null) {
        throw new NotHere('no cgroups are mounted', 'mount cgroup2 at /sys/fs/cgroup, as systemd does');
      }
      this.searched_ms = now_ms;
      this.search = new CgroupSearch(this.hierarchies);
    }
    if (this.search?.step(this.step)) {
      this.chosen = this.search.chosen();
      this.search = null;
      this.read_ms = Number.NEGATIVE_INFINITY;
    }
    if (now_ms - this.read_ms >= READ_MS) {
      this.read_ms = now_ms;
      this.samples = this.hierarchies === null ? [] : this.read(this.hierarchies, now_ms);
    }
    return { cgroups: this.samples, events: this.oomKills(now_ms) };
  }

  /** Of those with a limit, at every round: a kill is news for a few seconds only. */
  private oomKills(now_ms: number): MachineEvent[] {
    const memory = this.hierarchies?.memory ?? null;
    const counters = new Map<string, number>();
    for (const { path, memory_limit_bytes } of memory === null ? [] : this.chosen) {
      const kills = memory_limit_bytes === null ? null : readOomKills(memory!, path);
      if (kills !== null) counters.set(path, kills);
    }
    return this.oomCounter.take(counters, now_ms);
  }

  private read(hierarchies: Hierarchies, now_ms: number): CgroupSample[] {
    const { before } = this;
    this.before = { cpu_ms: new Map(), now_ms };
    const samples: CgroupSample[] = [];
    for (const { path, memory_limit_bytes } of this.chosen) {
      const { cpu_ms, ...usage } = readUsage(hierarchies, path);
      // Gone since the search.
      if (usage.memory_bytes === null && usage.pids === null && cpu_ms === null) continue;
      let cpu_percent: number | null = null;
      if (cpu_ms !== null) {
        this.before.cpu_ms.set(path, cpu_ms);
        const per_s = perSecond(before.cpu_ms.get(path), cpu_ms, now_ms - before.now_ms);
        cpu_percent = per_s === null ? null : per_s / 10;
      }
      samples.push({ path, memory_limit_bytes, ...usage, cpu_percent });
    }
    return samples;
  }
}

export const cgroupCollector = defineCollector({
  id: 'cgroup',
  describe: 'Control groups: use, limits, and kills for want of memory.',
  fields,
  empty: { cgroups: [] },
  at_least_ms: 5_000,
  create: () => new CgroupCollector(),
});
