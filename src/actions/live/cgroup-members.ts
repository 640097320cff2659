import { listFolders, MOUNTS_BYTES, readBytes, readText } from '../../lib/files/bounded-read.js';
import { type Mount, parseMountinfo } from '../../sources/host/filesystems/mounts.js';

/** Folders below one cgroup that are looked into. */
const MAX_FOLDERS = 2_000;
/** A pid has seven digits at most, and its newline. */
const PID_BYTES = 8;
/** Of all processes that Linux has pids for. */
const MAX_BYTES = 4_194_304 * PID_BYTES;
/** Where cgroups are mounted does not change while the machine runs, or hardly. */
const MOUNTS_MS = 60_000;

/** Asks the kernel who is in a cgroup: the price is that of its members, not of all processes. */
export class CgroupMembers {
  private mounts: readonly Mount[] = [];
  private read_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly root: string) {}

  /**
   * The pids in it and in those below it, `max` + 1 at most. Null: it cannot be told this way, e.g. because its
   * hierarchy is not mounted here.
   */
  of(path: string, max: number): number[] | null {
    for (const folder of this.foldersOf(path)) {
      const pids = this.below(folder, max);
      if (pids !== null) return pids;
    }
    return null;
  }

  /** Where it may lie: the path is one of version 2, or of systemd's own hierarchy. */
  private foldersOf(path: string): string[] {
    if (!path.startsWith('/') || path.split('/').includes('..')) return [];
    const isWhole = ({ root }: Mount) => root === '/';
    const unified = this.allMounts().filter(({ type }) => type === 'cgroup2');
    const systemd = this.allMounts().filter(({ super_options }) => super_options.has('name=systemd'));
    const others = this.allMounts().filter(({ type }) => type === 'cgroup');
    return [
      ...new Set([...unified, ...systemd, ...others].filter(isWhole).map(({ mount }) => `${mount}${path}`)),
    ];
  }

  private allMounts(): readonly Mount[] {
    const now_ms = performance.now();
    if (now_ms - this.read_ms < MOUNTS_MS) return this.mounts;
    this.read_ms = now_ms;
    try {
      const all = parseMountinfo(readText(`${this.root}/self/mountinfo`, MOUNTS_BYTES, 'utf8'));
      this.mounts = all.filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
    } catch {
      this.mounts = [];
    }
    return this.mounts;
  }

  private below(folder: string, max: number): number[] | null {
    const pids: number[] = [];
    const folders = [folder];
    for (let i = 0; i < folders.length; i++) {
      if (i >= MAX_FOLDERS) return null;
      const isRead = this.read(`${folders[i]}/cgroup.procs`, pids, max);
      // The ones below may go away meanwhile.
      if (!isRead && i === 0) return null;
      if (pids.length > max) return pids;
      if (!this.list(folders[i]!, folders)) return i === 0 ? null : pids;
    }
    return pids;
  }

  /** False: it cannot be read, or holds processes of another pid namespace, which have no number here. */
  private read(file: string, pids: number[], max: number): boolean {
    try {
      const { bytes } = readBytes(file, Math.min(MAX_BYTES, (max + 2) * PID_BYTES));
      const lines = bytes.toString('latin1', 0, bytes.lastIndexOf(10) + 1).split('\n');
      for (const line of lines) {
        if (line === '0') return false;
        if (line !== '') pids.push(Number(line));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Adds the folders in it. */
  private list(folder: string, into: string[]): boolean {
    try {
      const { names, cut } = listFolders(folder, MAX_FOLDERS);
      into.push(...names.map(name => `${folder}/${name}`));
      return !cut;
    } catch {
      return false;
    }
  }
}
