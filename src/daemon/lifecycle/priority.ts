import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { cpus, getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { listNames, MOUNTS_BYTES, readText } from '../../lib/files/bounded-read.js';
import { joinCgroup } from '../../lib/os/join-cgroup.js';
import { type Mount, parseMountinfo } from '../../sources/host/filesystems/mounts.js';

/**
 * A guard must be heard when nobody else is: the daemon takes a rank above ordinary work, also where no unit of systemd
 * gives it one. What becomes a user's process gives all of it back: `nice` and `choom` before it does
 * (helper-command.ts), `giveBackRank` for the rest.
 */

/** As `Nice=` in share/systemd/vigil.service. The I/O priority follows from it: block/ioprio.h, task_nice_ioprio(). */
export const NICE = -10;
/** As `OOMScoreAdjust=` there. */
const OOM_SCORE_ADJ = -900;
/** The most there is, cgroup-v2.rst: single processes of the group above count as 100 each. */
const CPU_WEIGHT = 10_000;
/**
 * The most that cgroup v1 knows, MAX_SHARES in kernel/sched/sched.h. Its groups share a CPU with every single process
 * of the group above, each of which has 1,024: nothing less counts against a thousand of them.
 */
const CPU_SHARES = 262_144;
/** What the group may take of all CPUs at most: with such a weight nothing else would be left to those that it serves. */
const CPU_QUOTA = 0.9;
/** The kernel's default, and long enough that a short piece of work is not held up: sched-bwc.rst. */
const PERIOD_US = 100_000;
const GROUP = 'vigil';
const SYSTEMD = '/run/systemd/system';

interface CpuGroup {
  own: string;
  /** The folder of the one that it came from. */
  before: string;
}

export interface Rank {
  /** Folders of control groups; null: it stayed where it was. */
  cpu_group: CpuGroup | null;
  /** What could not be had, in words. */
  problems: string[];
}

/**
 * Raises this process, all its threads and what it starts from now on. Only root may; a rank that is better already, as
 * a unit's, is left alone.
 * @param managed systemd runs this as a service: the control group is systemd's business
 */
export function raiseRank(managed: boolean, proc = '/proc'): Rank {
  const rank: Rank = { cpu_group: null, problems: [] };
  if (process.geteuid?.() !== 0) return rank;
  const attempt = (what: string, action: () => void) => {
    try {
      action();
    } catch (error) {
      rank.problems.push(`${what}: ${(error as Error).message}`);
    }
  };
  attempt('nice', () => {
    // setpriority(2): on Linux a nice value is a thread's own.
    for (const thread of listNames(`${proc}/self/task`).map(Number))
      if (getPriority(thread) > NICE) setPriority(thread, NICE);
  });
  attempt('oom_score_adj', () => {
    const file = `${proc}/self/oom_score_adj`;
    if (Number(readText(file)) > OOM_SCORE_ADJ) writeFileSync(file, String(OOM_SCORE_ADJ));
  });
  if (managed) return rank;
  // sched(7): where it is on, a nice value counts only among the processes of one terminal.
  attempt('autogroup', () => {
    try {
      writeFileSync(`${proc}/self/autogroup`, String(NICE));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
  // Where systemd runs, control groups are its own: `make run` asks it for a scope.
  if (!existsSync(SYSTEMD))
    attempt('cpu group', () => {
      rank.cpu_group = enterCpuGroup(proc);
    });
  return rank;
}

/**
 * For a process that was started just now and is about to become a user's: nothing of the rank stays with it but what
 * it has to give back itself, its nice value.
 */
export async function giveBackRank(pid: number, { cpu_group }: Rank, proc = '/proc'): Promise<void> {
  try {
    if (Number(readText(`${proc}/${pid}/oom_score_adj`)) < 0)
      writeFileSync(`${proc}/${pid}/oom_score_adj`, '0');
    if (cpu_group !== null) await joinCgroup(cpu_group.before, pid);
  } catch {
    // It is gone again.
  }
}

/** At the end: back to where it came from, and the group is gone unless another daemon is in it. */
export function leaveCpuGroup({ cpu_group }: Rank): void {
  if (cpu_group === null) return;
  try {
    writeFileSync(join(cpu_group.before, 'cgroup.procs'), String(process.pid));
    rmdirSync(cpu_group.own);
  } catch {
    // A bpftrace may be ending in it; the next daemon takes it again.
  }
}

/** Beside the group that it is in, on top: below that one it would only have a share of that one's. */
function enterCpuGroup(proc: string): CpuGroup | null {
  const place = cpuPlace(
    parseMountinfo(readText(`${proc}/self/mountinfo`, MOUNTS_BYTES)),
    readText(`${proc}/self/cgroup`),
  );
  if (place === null) return null;
  const { dir, path, version } = place;
  if (version === 2 && !/\bcpu\b/.test(readText(join(dir, 'cgroup.subtree_control')))) return null;
  const own = join(dir, GROUP);
  mkdirSync(own, { recursive: true });
  // The bound first: where the kernel knows none, it goes without the weight.
  for (const [file, value] of boundsOf(version)) writeFileSync(join(own, file), value, { flag: 'r+' });
  writeFileSync(join(own, 'cgroup.procs'), String(process.pid));
  // A daemon that another one started is there already.
  return { own, before: path === `/${GROUP}` ? dir : join(dir, path) };
}

/** Files of the group and what goes into them. */
function boundsOf(version: 1 | 2): [file: string, value: string][] {
  const quota_us = Math.round(CPU_QUOTA * cpus().length * PERIOD_US);
  return version === 1
    ? [
        ['cpu.cfs_period_us', String(PERIOD_US)],
        ['cpu.cfs_quota_us', String(quota_us)],
        ['cpu.shares', String(CPU_SHARES)],
      ]
    : [
        ['cpu.max', `${quota_us} ${PERIOD_US}`],
        ['cpu.weight', String(CPU_WEIGHT)],
      ];
}

/** Where the groups that share out CPU time are, and this process's own among them: cgroups(7). */
export function cpuPlace(
  mounts: readonly Mount[],
  cgroups: string,
): { dir: string; path: string; version: 1 | 2 } | null {
  const v1 = mounts.find(({ type, super_options }) => type === 'cgroup' && super_options.has('cpu'));
  const mount = v1 ?? mounts.find(({ type }) => type === 'cgroup2');
  if (mount === undefined || mount.root !== '/') return null;
  for (const line of cgroups.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    const isIt = v1 === undefined ? id === '0' : controllers?.split(',').includes('cpu');
    if (isIt && path !== undefined) return { dir: mount.mount, path, version: v1 === undefined ? 2 : 1 };
  }
  return null;
}
