import { readFileSync } from 'node:fs';
import type { Collector, Context, Part } from '../collector.js';
import { NotHere } from '../collector.js';
import { parseMountinfo } from '../filesystems/mounts.js';
import { perSecond } from '../rate.js';
import type { CgroupSample } from '../snapshot.js';
import { findHierarchies, type Hierarchies } from './hierarchies.js';
import { readUsage } from './read.js';
import { type Candidate, CgroupSearch } from './search.js';

const SEARCH_MS = 60_000;
/** Looked at in one round of a search: some 20 µs each. */
const STEP = 200;

/** Use and limits of the cgroups that have a memory limit, and of the units that use most memory. */
export class CgroupCollector implements Collector {
  readonly name = 'cgroup';
  readonly at_least_ms = 10_000;
  private hierarchies: Hierarchies | null = null;
  private search: CgroupSearch | null = null;
  private searched_ms = Number.NEGATIVE_INFINITY;
  private chosen: Candidate[] = [];
  private before: { cpu_ms: Map<string, number>; now_ms: number } = { cpu_ms: new Map(), now_ms: 0 };

  collect({ roots, now_ms }: Context): Part {
    if (now_ms - this.searched_ms >= SEARCH_MS) {
      this.searched_ms = now_ms;
      this.hierarchies = findHierarchies(
        parseMountinfo(readFileSync(`${roots.proc}/self/mountinfo`, 'utf8')),
      );
      if (this.hierarchies !== null) this.search = new CgroupSearch(this.hierarchies);
    }
    if (this.hierarchies === null) {
      this.searched_ms = Number.NEGATIVE_INFINITY;
      throw new NotHere('no cgroups are mounted', 'mount cgroup2 at /sys/fs/cgroup, as systemd does');
    }
    if (this.search?.step(STEP)) {
      this.chosen = this.search.chosen();
      this.search = null;
    }
    return { cgroups: this.read(this.hierarchies, now_ms) };
  }

  private read(hierarchies: Hierarchies, now_ms: number): CgroupSample[] {
    const { before } = this;
    this.before = { cpu_ms: new Map(), now_ms };
    const samples: CgroupSample[] = [];
    for (const { path, memory_limit_bytes, pids_limit } of this.chosen) {
      const { cpu_ms, ...usage } = readUsage(hierarchies, path);
      // Gone since the search.
      if (usage.memory_bytes === null && usage.pids === null && cpu_ms === null) continue;
      let cpu_percent: number | null = null;
      if (cpu_ms !== null) {
        this.before.cpu_ms.set(path, cpu_ms);
        const per_s = perSecond(before.cpu_ms.get(path), cpu_ms, now_ms - before.now_ms);
        cpu_percent = per_s === null ? null : per_s / 10;
      }
      samples.push({ path, memory_limit_bytes, pids_limit, ...usage, cpu_percent });
    }
    return samples;
  }
}
