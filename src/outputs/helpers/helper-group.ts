import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MOUNTS_BYTES, readText } from '../../lib/files/bounded-read.js';
import { findProgram } from '../../lib/files/find-program.js';
import { statFile } from '../../lib/files/stat-file.js';
import type { Logger } from '../../lib/log/logger.js';
import { joinCgroup } from '../../lib/os/join-cgroup.js';
import { runChild } from '../../lib/process/run-child.js';
import { parseMountinfo } from '../../sources/host/filesystems/mounts.js';

/**
 * Each user's helper has a control group of its own, with limits of its own: what a user does with their helper costs
 * that user, not the daemon, nor the room for bpftrace's next start.
 */

/** A helper has 70 MB; its JavaScript may have 128 MB, and buffers come on top. */
export const MAX_MEMORY_BYTES = 384 * 1024 * 1024;
/** A dozen threads, and now and then a tmux or a systemd-run. */
export const MAX_TASKS = 64;

const SYSTEMD = '/run/systemd/system';
/** A helper waits for it before it begins. */
const TIMEOUT_MS = 5_000;
const PARENT = 'vigil-helpers';

export interface GroupPlace {
  /** systemd runs this machine where this folder is. */
  systemd: string;
  /** An address of the system bus; null: the usual one. */
  bus: string | null;
  proc: string;
}

const HERE: GroupPlace = { systemd: SYSTEMD, bus: null, proc: '/proc' };

export class HelperGroups {
  private said = false;
  private readonly folders = new Map<number, string[]>();

  constructor(
    private readonly logger: Logger,
    private readonly place: GroupPlace = HERE,
  ) {}

  /**
   * Puts a process that is about to become a user's into a group of its own. By systemd, where there is one: a scope
   * in the user's slice, which lives on when the daemon's service is ended. Else by hand. Never rejects: a helper
   * without a group is better than none, and it is said once.
   */
  async confine(uid: number, pid: number): Promise<void> {
    const why = statFile(this.place.systemd)?.isDirectory()
      ? await this.bySystemd(uid, pid)
      : await this.byHand(uid, pid);
    if (why === null || this.said) return;
    this.said = true;
    this.logger.warn({ uid, why }, 'the helper of a user has no control group of its own');
  }

  /** The helper is gone for good: so is its group. */
  release(uid: number): void {
    for (const folder of this.folders.get(uid) ?? []) {
      try {
        rmdirSync(folder);
      } catch {
        // Something that it started is still in it; the next helper of the user takes it again.
      }
    }
    this.folders.delete(uid);
  }

  /** Null: done. */
  private async bySystemd(uid: number, pid: number): Promise<string | null> {
    const busctl = findProgram('busctl');
    if (busctl === null) return 'busctl (systemd) is not installed';
    const { bus } = this.place;
    const args = [...(bus === null ? ['--system'] : [`--address=${bus}`]), '--quiet', ...scopeCall(uid, pid)];
    const { problem, stderr } = await runChild(busctl, args, {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024,
      env: {},
      cwd: '/',
    });
    return problem === null ? null : stderr.trim().slice(0, 300) || problem;
  }

  private async byHand(uid: number, pid: number): Promise<string | null> {
    const problems: string[] = [];
    const folders: string[] = [];
    for (const { controller, file, limit } of LIMITS) {
      try {
        const folder = this.folderFor(controller, uid);
        writeFileSync(join(folder.path, file[folder.version]), String(limit));
        await joinCgroup(folder.path, pid);
        folders.push(folder.path);
      } catch (error) {
        problems.push(`${controller}: ${(error as Error).message}`);
      }
    }
    this.folders.set(uid, folders);
    return problems.length === 0 ? null : problems.join('; ');
  }

  private folderFor(controller: string, uid: number): { path: string; version: 1 | 2 } {
    const mounts = parseMountinfo(readText(`${this.place.proc}/self/mountinfo`, MOUNTS_BYTES));
    const v1 = mounts.find(({ type, super_options }) => type === 'cgroup' && super_options.has(controller));
    const mount = v1 ?? mounts.find(({ type }) => type === 'cgroup2');
    if (mount === undefined) throw new Error('control groups are not mounted');
    const parent = join(mount.mount, PARENT);
    mkdirSync(parent, { recursive: true });
    if (v1 === undefined) {
      for (const folder of [mount.mount, parent])
        writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    }
    const path = join(parent, String(uid));
    mkdirSync(path, { recursive: true });
    return { path, version: v1 === undefined ? 2 : 1 };
  }
}

/** Files of cgroup-v1/{memory,pids}.rst and cgroup-v2.rst. */
const LIMITS = [
  {
    controller: 'memory',
    file: { 1: 'memory.limit_in_bytes', 2: 'memory.max' },
    limit: MAX_MEMORY_BYTES,
  },
  { controller: 'pids', file: { 1: 'pids.max', 2: 'pids.max' }, limit: MAX_TASKS },
] as const;

/** org.freedesktop.systemd1(5), StartTransientUnit. The pid in its name: of each start another. */
function scopeCall(uid: number, pid: number): string[] {
  const properties: readonly (readonly string[])[] = [
    ['Description', 's', `vigil, for the user ${uid}`],
    ['Slice', 's', `user-${uid}.slice`],
    ['PIDs', 'au', '1', String(pid)],
    ['MemoryMax', 't', String(MAX_MEMORY_BYTES)],
    ['TasksMax', 't', String(MAX_TASKS)],
    ['CollectMode', 's', 'inactive-or-failed'],
  ];
  return [
    'call',
    'org.freedesktop.systemd1',
    '/org/freedesktop/systemd1',
    'org.freedesktop.systemd1.Manager',
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    `vigil-helper-${uid}-${pid}.scope`,
    'fail',
    String(properties.length),
    ...properties.flat(),
    '0',
  ];
}
