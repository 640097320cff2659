import { readlinkSync } from 'node:fs';
import { SMALL_BYTES, tryReadHead } from '../files/bounded-read.js';
import { statFile } from '../files/stat-file.js';
import { TICKS_PER_SECOND } from '../os/boot.js';

/** How a process sees itself, where it is in namespaces of its own: what it writes down of itself is in these terms. */
export interface InsideView {
  /** Its pid in its own pid namespace. */
  pid: number;
  /** What its own time namespace adds to clock ticks since boot. */
  ticks_offset: number;
  /** Its root folder where that is in the tree that vigil sees (chroot); `/` usually. */
  root: string;
  /** It sees other mounts than vigil does. */
  other_mounts: boolean;
}

/** include/linux/proc_ns.h: the inodes of the namespaces that the kernel itself makes. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** Absent namespaces and what cannot be read are as if they were vigil's own. */
export function insideView(procRoot: string, pid: number): InsideView {
  const root = link(procRoot, pid, 'root') ?? '/';
  return {
    pid: innermostPid(tryReadHead(`${procRoot}/${pid}/status`, SMALL_BYTES) ?? '') ?? pid,
    ticks_offset: bootOffsetTicks(procRoot, pid) - bootOffsetTicks(procRoot, 'self'),
    root,
    other_mounts: root !== '/' || hasOtherMounts(procRoot, pid),
  };
}

/**
 * A uid of vigil's as the process itself calls it, by /proc/PID/uid_map (`inside outside count`, user_namespaces(7)).
 * Null: its user namespace has no name for it.
 */
export function insideUid(procRoot: string, pid: number, uid: number): number | null {
  const map = tryReadHead(`${procRoot}/${pid}/uid_map`, SMALL_BYTES) ?? '';
  for (const line of map.split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    if (uid >= outside && uid - outside < count) return inside + uid - outside;
  }
  return null;
}

/** A path that vigil sees, as a process with that root folder (chroot) calls it. */
export function pathInside(path: string | null, { root }: Pick<InsideView, 'root'>): string | null {
  if (path === null || root === '/') return path;
  if (path === root) return '/';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

/** The last number of `NSpid:\t4242\t7` (proc_pid_status(5)): the pid as the process itself knows it. */
export function innermostPid(status: string): number | null {
  const match = /^NSpid:(?:\s+\d+)*\s+(\d+)$/m.exec(status);
  return match === null ? null : Number(match[1]);
}

/**
 * A service that was given mounts of its own sees the machine's tree all the same, with other flags; then who shares the
 * mounts of pid 1 shares its tree.
 */
function hasOtherMounts(procRoot: string, pid: number): boolean {
  const mounts = link(procRoot, pid, 'ns/mnt');
  if (mounts === null || mounts === link(procRoot, 'self', 'ns/mnt')) return false;
  return mounts !== link(procRoot, 1, 'ns/mnt') || !isSameFolder(`${procRoot}/1/root/`, '/');
}

function isSameFolder(a: string, b: string): boolean {
  const [one, other] = [statFile(a), statFile(b)];
  return one !== null && one.ino === other?.ino && one.dev === other.dev;
}

/** `boottime   3600   0` (seconds, nanoseconds) of /proc/PID/timens_offsets, see time_namespaces(7). */
function bootOffsetTicks(procRoot: string, pid: number | 'self'): number {
  const text = tryReadHead(`${procRoot}/${pid}/timens_offsets`, 256) ?? '';
  const match = /^boottime\s+(-?\d+)\s+(\d+)$/m.exec(text);
  if (match === null) return 0;
  return Math.floor((Number(match[1]) + Number(match[2]) / 1e9) * TICKS_PER_SECOND);
}

/**
 * Why the numbers of processes that the kernel tells are not those that vigil sees in /proc; null: they are. The kernel
 * counts in the first pid namespace: what it tells of 4242 concerns another process than 4242 here.
 */
export function foreignPids(procRoot: string): string | null {
  const own = link(procRoot, 'self', 'ns/pid');
  const status = tryReadHead(`${procRoot}/self/status`, SMALL_BYTES) ?? '';
  const seen = Number(/^Pid:\s+(\d+)$/m.exec(status)?.[1] ?? process.pid);
  if (own !== null && own !== FIRST_PID_NAMESPACE)
    return 'vigil runs in a pid namespace (a container, WSL): the kernel tells of other numbers than are seen from here';
  if (seen !== process.pid)
    return '/proc is that of another pid namespace: it shows other numbers than vigil’s own';
  return null;
}

function link(procRoot: string, pid: number | 'self', name: string): string | null {
  try {
    return readlinkSync(`${procRoot}/${pid}/${name}`);
  } catch {
    return null;
  }
}
