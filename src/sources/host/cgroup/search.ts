import { statSync } from 'node:fs';
import { listFolders } from '../../../lib/files/bounded-read.js';
import type { Hierarchies } from './hierarchies.js';
import { readMemoryLimit, readMemoryUsage } from './read.js';

/** A cgroup that is worth a look. */
export interface Candidate {
  /** From the root of the hierarchy, as in /proc/PID/cgroup. */
  path: string;
  memory_limit_bytes: number | null;
}

const MAX_DEPTH = 8;
const MAX_DIRECTORIES = 5_000;
/** Entries of one directory, its 60 files among them: users may make as many as they like in theirs. */
const MAX_ENTRIES = 2_048;
const MAX_CHOSEN = 48;
/** What systemd starts: services, and the scopes of containers, sessions and applications. */
const UNIT = /\.(service|scope)$/;

/**
 * Walks the tree of cgroups, a few at a time, since there may be thousands: `step()` looks at so many and says
 * whether it is through. Those near the root come first: what a user makes lies deeper than what is the system's. Then `chosen()` are those with a memory limit first, and of units those that use most
 * memory.
 */
export class CgroupSearch {
  private readonly queue: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  private readonly found: { candidate: Candidate; memory_bytes: number }[] = [];
  private looked = 0;

  constructor(private readonly hierarchies: Hierarchies) {}

  step(directories: number): boolean {
    for (let left = directories; left > 0; left--) {
      const next = this.queue[this.looked];
      if (next === undefined || this.looked >= MAX_DIRECTORIES) return true;
      this.looked++;
      this.look(next.path, next.depth);
    }
    return this.looked >= this.queue.length;
  }

  chosen(): Candidate[] {
    const limited = (entry: { candidate: Candidate }) => entry.candidate.memory_limit_bytes !== null;
    return this.found
      .sort((a, b) => Number(limited(b)) - Number(limited(a)) || b.memory_bytes - a.memory_bytes)
      .slice(0, MAX_CHOSEN)
      .map(({ candidate }) => candidate);
  }

  private look(path: string, depth: number): void {
    const tree = this.hierarchies.memory ?? this.hierarchies.pids ?? this.hierarchies.cpu;
    if (tree === null) return;
    const dir = `${tree.dir}${path}`;
    if (path !== '') {
      const { memory } = this.hierarchies;
      const memory_limit_bytes = memory === null ? null : readMemoryLimit(memory, path);
      if (memory_limit_bytes !== null || UNIT.test(path)) {
        const memory_bytes = (memory === null ? null : readMemoryUsage(memory, path)) ?? 0;
        this.found.push({ candidate: { path, memory_limit_bytes }, memory_bytes });
      }
    }
    if (depth >= MAX_DEPTH || !hasChildren(dir)) return;
    if (this.queue.length >= MAX_DIRECTORIES) return;
    for (const child of folders(dir)) this.queue.push({ path: `${path}/${child}`, depth: depth + 1 });
  }
}

/** Such a folder has 60 files; its count of links tells without reading it whether there are folders in it. */
function hasChildren(dir: string): boolean {
  try {
    return statSync(dir).nlink !== 2;
  } catch {
    return false;
  }
}

function folders(dir: string): string[] {
  try {
    return listFolders(dir, MAX_ENTRIES).names;
  } catch {
    return [];
  }
}
