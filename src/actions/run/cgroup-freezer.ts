import { closeSync, constants, fstatSync, openSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { listFolders, MOUNTS_BYTES, readText, readWhole } from '../../lib/files/bounded-read.js';
import { isWithin, parseMountinfo } from '../../sources/host/filesystems/mounts.js';

/** CGROUP2_SUPER_MAGIC of include/uapi/linux/magic.h. */
const CGROUP2_MAGIC = 0x63677270;
const WRITABLE_BY_OTHERS = 0o022;
/** What its owner thaws it with, and moves processes with. */
const CONTROLS = ['', 'cgroup.freeze', 'cgroup.procs'];

/**
 * The kernel stops all in it within milliseconds, unless one hangs in it: but each needs a moment on a processor for it, and
 * of 2,000 that compute on two processors the last one waits for seconds.
 */
const FREEZE_WAIT_MS = 5_000;
const POLL_MS = 10;
const MAX_FOLDERS = 1_000;
const MAX_DEPTH = 16;
/** The kernel's own, in each folder: more than there are. */
const FILES = 256;
/** Of cgroup.procs: half a million pids. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A control group of version 2 whose processes are stopped, and ended, all at once: Documentation/admin-guide/
 * cgroup-v2.rst, `cgroup.freeze` and `cgroup.kill` (Linux 5.14). Everything goes through one open descriptor of its
 * folder, so that it stays this one whatever is made under its name meanwhile.
 *
 * Who may be in it is for the caller to check, between `freeze()` and `kill()`: frozen, nobody in it makes another. That
 * holds only as long as nobody else may thaw it or move somebody into it: one that is delegated is not ended this way.
 */
export class CgroupFreezer {
  private constructor(private readonly fd: number) {}

  /**
   * Null where this cannot or must not be done: not root, no such group of version 2, the root of all, a slice (which
   * others share), vigil's own or one that vigil is in.
   */
  static open(path: string, proc = '/proc'): CgroupFreezer | null {
    if (process.geteuid?.() !== 0) return null;
    if (!/^(\/[^/]+)+$/.test(path) || path.split('/').some(part => part === '..' || part === '.'))
      return null;
    if (path.endsWith('.slice')) return null;
    try {
      const mounts = parseMountinfo(readText(`${proc}/self/mountinfo`, MOUNTS_BYTES));
      const unified = mounts.find(({ type, root }) => type === 'cgroup2' && root === '/');
      const own = /^0::(\/.*)$/m.exec(readText(`${proc}/self/cgroup`))?.[1];
      if (unified === undefined || own === undefined || isWithin(own, path)) return null;
      const fd = openBelow(unified.mount, path);
      if (statfsSync(`/proc/self/fd/${fd}`).type === CGROUP2_MAGIC) return new CgroupFreezer(fd);
      closeSync(fd);
      return null;
    } catch {
      return null;
    }
  }

  /** True when all in it stand still. */
  async freeze(): Promise<boolean> {
    if (!this.write('cgroup.freeze', '1')) return false;
    const end_ms = performance.now() + FREEZE_WAIT_MS;
    while (performance.now() < end_ms) {
      if (this.isFrozen()) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  /** At this moment: who owns a group may thaw it at any time. */
  isFrozen(): boolean {
    return /^frozen 1$/m.test(this.read('cgroup.events') ?? '');
  }

  /**
   * Somebody has let it go on. Other than `isFrozen()` it stays false while those in it die of `kill()`: a dying one is
   * not frozen any more, and the group with it.
   */
  isThawed(): boolean {
    return this.read('cgroup.freeze')?.trim() !== '1';
  }

  thaw(): boolean {
    return this.write('cgroup.freeze', '0');
  }

  /**
   * SIGKILL for all in it and below it, also for who is being made. False, and nothing is done, where the kernel has no
   * such thing, and where others than those who were in it when it was frozen may be in it.
   */
  kill(): boolean {
    return !this.isDelegated() && this.isFrozen() && this.write('cgroup.kill', '1');
  }

  /** Everybody in it and below it; null when that cannot be told for certain. */
  pids(): number[] | null {
    const pids: number[] = [];
    const folders = ['.'];
    for (const folder of folders) {
      const text = this.read(`${folder}/cgroup.procs`);
      if (text === null || folders.length > MAX_FOLDERS || folder.split('/').length > MAX_DEPTH) return null;
      for (const line of text.split('\n')) if (line !== '') pids.push(Number(line));
      try {
        const { names, cut } = listFolders(this.path(folder), MAX_FOLDERS + FILES);
        if (cut) return null;
        for (const name of names) folders.push(`${folder}/${name}`);
      } catch {
        return null;
      }
    }
    // 0: of a namespace of pids that vigil does not see into.
    return pids.includes(0) ? null : pids;
  }

  /** Somebody else than root may thaw it, or move processes into it: cgroup-v2.rst, "Delegation". */
  private isDelegated(): boolean {
    try {
      return CONTROLS.some(file => {
        const { uid, mode } = file === '' ? fstatSync(this.fd) : statSync(this.path(file));
        return uid !== 0 || (mode & WRITABLE_BY_OTHERS) !== 0;
      });
    } catch {
      return true;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private path(file: string): string {
    return `/proc/self/fd/${this.fd}/${file}`;
  }

  private read(file: string): string | null {
    try {
      return readWhole(this.path(file), MAX_BYTES).toString('latin1');
    } catch {
      return null;
    }
  }

  private write(file: string, text: string): boolean {
    try {
      writeFileSync(this.path(file), text);
      return true;
    } catch {
      return false;
    }
  }
}

/** Through no symbolic link, whichever part of the path it is. */
function openBelow(mount: string, path: string): number {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  let fd = openSync(mount, flags);
  for (const part of path.split('/').slice(1)) {
    const above = fd;
    try {
      fd = openSync(`/proc/self/fd/${above}/${part}`, flags);
    } finally {
      closeSync(above);
    }
  }
  return fd;
}
