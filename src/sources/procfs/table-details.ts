import { statSync } from 'node:fs';
import { listNames } from '../../lib/files/bounded-read.js';
import { PAGE_SIZE_BYTES } from '../../lib/os/boot.js';
import { parseUid } from '../../lib/os/uid.js';
import { parseIo } from '../../lib/proc/io.js';
import type { ProcFiles } from './table-files.js';

/** Longest command line that is kept, in characters. */
const MAX_CMDLINE = 4096;
/** Where the kernel does not count them: more descriptors than these are not counted. */
const MAX_FDS = 16_384;

/** What stays as it is from one exec to the next, nearly always; the command line besides. */
export interface Constants {
  uid: number;
  cgroup: string | null;
}

/** What costs more to read than all else together; null where it may not be read. */
export interface Details {
  anon_bytes: number | null;
  swap_bytes: number | null;
  fds: number | null;
  read_bytes: number | null;
  write_bytes: number | null;
  oom_score_adj: number | null;
}

export const NO_DETAILS: Details = {
  anon_bytes: null,
  swap_bytes: null,
  fds: null,
  read_bytes: null,
  write_bytes: null,
  oom_score_adj: null,
};

/** A field in kB of /proc/PID/status, e.g. `VmSwap:\t     12 kB`. Zombies and kernel threads have none. */
export function parseStatusKb(status: string, name: string): number | null {
  const at = status.indexOf(`\n${name}:`);
  if (at < 0) return null;
  const kb = Number.parseInt(status.slice(at + name.length + 2), 10);
  return Number.isNaN(kb) ? null : kb * 1024;
}

/** /proc/PID/cmdline as one line; empty for zombies. */
export function parseCmdline(bytes: Buffer, length: number): string {
  let end = length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.toString('utf8', 0, end).replaceAll('\0', ' ').slice(0, MAX_CMDLINE);
}

/**
 * /proc/PID/cgroup, cgroups(7): `0::/user.slice/…` with version 2; a line for each hierarchy with version 1,
 * of which systemd's own says the unit; both in the hybrid form, where version 2 may say only `/`.
 */
export function parseCgroup(text: string): string | null {
  let first: string | null = null;
  let systemd: string | null = null;
  for (const { controllers, path } of cgroupLines(text)) {
    if (controllers === '' && path !== '/') return path;
    if (controllers === 'name=systemd') systemd = path;
    first ??= path;
  }
  return systemd ?? first;
}

/** The lines of /proc/PID/cgroup, `4:memory:/a/b`; version 2 names no controllers. Others are passed over. */
export function* cgroupLines(text: string): Generator<{ controllers: string; path: string }> {
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers !== undefined && path !== undefined) yield { controllers, path };
  }
}

/** Reads both for one process. */
export class DetailReader {
  /** Linux 6.2: the size of /proc/PID/fd is the number of entries. */
  private readonly fd_size_counts: boolean;

  constructor(
    private readonly root: string,
    private readonly files: ProcFiles,
  ) {
    this.fd_size_counts = fdSizeCounts(root);
  }

  /** Null when the process is gone. */
  constants(pid: number): Constants | null {
    const uid = parseUid(this.files.text(`${this.root}/${pid}/status`) ?? '');
    return uid === null ? null : { uid, cgroup: this.cgroup(pid) };
  }

  /** Both at once: they share a file. Null when the process is gone, or descriptors ran out. */
  all(pid: number): (Constants & Details) | null {
    const { failures } = this.files;
    const status = this.files.text(`${this.root}/${pid}/status`) ?? '';
    const uid = parseUid(status);
    if (uid === null) return null;
    const io = parseIo(this.files.text(`${this.root}/${pid}/io`) ?? '');
    const adjustment = this.files.text(`${this.root}/${pid}/oom_score_adj`);
    const details = {
      uid,
      cgroup: this.cgroup(pid),
      anon_bytes: parseStatusKb(status, 'RssAnon') ?? this.anonBehindGroups(pid, status),
      swap_bytes: parseStatusKb(status, 'VmSwap'),
      fds: this.countFds(pid),
      read_bytes: io?.read_bytes ?? null,
      write_bytes: io?.write_bytes ?? null,
      oom_score_adj: adjustment === null ? null : Number.parseInt(adjustment, 10),
    };
    return this.files.failures === failures ? details : null;
  }

  private cgroup(pid: number): string | null {
    return parseCgroup(this.files.text(`${this.root}/${pid}/cgroup`) ?? '');
  }

  /** Up to 65,536 groups stand before the memory in status. Then statm must do: resident less shared, in pages. */
  private anonBehindGroups(pid: number, status: string): number | null {
    if (!/^Uid:/m.test(status) || /^VmPTE:|^Threads:/m.test(status)) return null;
    const [, resident, shared] = (this.files.text(`${this.root}/${pid}/statm`) ?? '').split(' ').map(Number);
    return shared === undefined ? null : (resident! - shared) * PAGE_SIZE_BYTES;
  }

  private countFds(pid: number): number | null {
    const path = `${this.root}/${pid}/fd`;
    try {
      // Listing needs the right to trace the process, the size does not: both answer alike this way.
      return this.fd_size_counts ? statSync(path).size : listNames(path, MAX_FDS).length;
    } catch {
      return null;
    }
  }
}

function fdSizeCounts(root: string): boolean {
  try {
    const size = statSync(`${root}/self/fd`).size;
    // The listing has a descriptor of its own while it lasts.
    return size > 0 && Math.abs(listNames(`${root}/self/fd`, MAX_FDS).length - size) <= 1;
  } catch {
    return false;
  }
}
