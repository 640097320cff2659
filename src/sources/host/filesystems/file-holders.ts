import { readlinkSync } from 'node:fs';
import { listNames, MOUNTS_BYTES } from '../../../lib/files/bounded-read.js';
import { statFile } from '../../../lib/files/stat-file.js';
import { readUid } from '../../../lib/os/uid.js';
import { tryReadText } from '../read.js';
import { isWithin, type Mount, parseMountinfo } from './mounts.js';

/** A process that has files of a filesystem open. */
export interface FileHolder {
  pid: number;
  uid: number;
  /** In files that have no name any more: free as soon as nobody has them open. */
  deleted_bytes: number;
  /** In files that it has open for writing, and by how much those grew since they were looked at before. */
  written_bytes: number;
  grown_bytes: number;
}

/** All processes are looked at in rounds of so long, and anew a minute later. */
const ROUND_MS = 8;
const ANEW_MS = 60_000;
const MAX_FDS = 1_024;
const MAX_HOLDERS = 512;
const MAX_MOUNT_NAMESPACES = 64;
/** stat(2): st_blocks. */
const BLOCK_BYTES = 512;
const SMALL_BYTES = 1024 * 1024;

interface Found extends FileHolder {
  device_number: string;
  files: Map<string, number>;
}

/**
 * Who holds the space of filesystems that run out of it. A file belongs to the filesystem that its mount is of, whatever
 * stat(2) calls its device: subvolumes of btrfs have numbers of their own, and what is written to an overlay lies where
 * its upper folder is.
 */
export class FileHolders {
  private waiting: number[] = [];
  private began_ms = Number.NEGATIVE_INFINITY;
  /** By pid and filesystem; of the round under way and of the one before. */
  private found = new Map<string, Found>();
  private before = new Map<string, Found>();
  /** `major:minor` by the id of a mount, of all mount namespaces that were met in this round. */
  private mounts = new Map<number, string>();
  private namespaces = new Set<string>();
  private counted = new Set<string>();

  /** By `major:minor`, of those in `short`; the largest first. `own`: the mounts of the machine. */
  look(
    proc: string,
    short: ReadonlySet<string>,
    own: readonly Mount[],
    now_ms: number,
  ): Map<string, FileHolder[]> {
    if (short.size === 0) {
      this.began_ms = Number.NEGATIVE_INFINITY;
      this.waiting = [];
      this.found.clear();
      this.before.clear();
      return new Map();
    }
    if (this.waiting.length === 0 && now_ms - this.began_ms >= ANEW_MS) this.begin(proc, own, now_ms);
    const until_ms = performance.now() + ROUND_MS;
    while (this.waiting.length > 0 && performance.now() < until_ms)
      this.process(proc, this.waiting.shift()!, short, own, until_ms);
    return this.sorted(short);
  }

  private begin(proc: string, own: readonly Mount[], now_ms: number): void {
    this.began_ms = now_ms;
    this.before = this.found;
    this.found = new Map();
    this.counted.clear();
    this.namespaces.clear();
    this.mounts = new Map(own.map(mount => [mount.id, filesystemOf(mount, own)]));
    this.waiting = listNames(proc)
      .map(Number)
      .filter(pid => pid > 0)
      .sort((a, b) => a - b);
  }

  private process(
    proc: string,
    pid: number,
    short: ReadonlySet<string>,
    own: readonly Mount[],
    until_ms: number,
  ): void {
    const folder = `${proc}/${pid}`;
    try {
      for (const fd of listNames(`${folder}/fd`, MAX_FDS)) {
        if (performance.now() > until_ms + ROUND_MS) return;
        this.file(folder, fd, pid, short, own);
      }
    } catch {
      // gone, or not ours to look at
    }
  }

  private file(
    folder: string,
    fd: string,
    pid: number,
    short: ReadonlySet<string>,
    own: readonly Mount[],
  ): void {
    const path = `${folder}/fd/${fd}`;
    const target = linkOf(path);
    if (target === null || !isFileName(target)) return;
    const info = tryReadText(`${folder}/fdinfo/${fd}`, 4_096) ?? '';
    const writes = (Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8) & 3) !== 0;
    if (!writes && !target.endsWith(' (deleted)')) return;
    const mount = Number(/^mnt_id:\s*(\d+)/m.exec(info)?.[1] ?? 0);
    const device_number = this.mounts.get(mount) ?? this.elsewhere(folder, mount, own);
    if (device_number === null || !short.has(device_number)) return;
    // Only now: of a server that does not answer nothing may be asked.
    const stat = statFile(path);
    if (stat === null || !stat.isFile()) return;
    const bytes = stat.blocks * BLOCK_BYTES;
    const key = `${stat.dev}:${stat.ino}`;
    if (bytes < SMALL_BYTES || this.counted.has(key)) return;
    const holder = this.holder(folder, pid, device_number);
    if (holder === null) return;
    this.counted.add(key);
    if (stat.nlink === 0) holder.deleted_bytes += bytes;
    if (!writes) return;
    holder.written_bytes += bytes;
    holder.files.set(key, bytes);
    const past = this.before.get(`${pid} ${device_number}`);
    if (past !== undefined) holder.grown_bytes += Math.max(0, bytes - (past.files.get(key) ?? 0));
  }

  /** Of a mount in another mount namespace: a container, a service with a view of its own. */
  private elsewhere(folder: string, mount: number, own: readonly Mount[]): string | null {
    const namespace = linkOf(`${folder}/ns/mnt`);
    if (namespace === null || this.namespaces.has(namespace)) return null;
    if (this.namespaces.size >= MAX_MOUNT_NAMESPACES) return null;
    this.namespaces.add(namespace);
    for (const one of parseMountinfo(tryReadText(`${folder}/mountinfo`, MOUNTS_BYTES) ?? ''))
      if (!this.mounts.has(one.id)) this.mounts.set(one.id, filesystemOf(one, own));
    return this.mounts.get(mount) ?? null;
  }

  private holder(folder: string, pid: number, device_number: string): Found | null {
    const key = `${pid} ${device_number}`;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    if (this.found.size >= MAX_HOLDERS) return null;
    const uid = readUid(folder.slice(0, folder.lastIndexOf('/')), pid);
    if (uid === null) return null;
    const none = { deleted_bytes: 0, written_bytes: 0, grown_bytes: 0 };
    const found = { pid, uid, ...none, device_number, files: new Map() };
    this.found.set(key, found);
    return found;
  }

  /** Until all were looked at, those of the round before stand. */
  private sorted(short: ReadonlySet<string>): Map<string, FileHolder[]> {
    const isDone = this.waiting.length === 0 || this.before.size === 0;
    const lists = new Map<string, FileHolder[]>([...short].map(number => [number, []]));
    for (const { device_number, files: _, ...holder } of (isDone ? this.found : this.before).values())
      lists.get(device_number)?.push(holder);
    for (const list of lists.values())
      list.sort((a, b) => b.deleted_bytes + b.written_bytes - (a.deleted_bytes + a.written_bytes));
    return lists;
  }
}

/** Where what is written to a mount takes up space: `major:minor`. */
export function filesystemOf(mount: Mount, own: readonly Mount[]): string {
  if (mount.type !== 'overlay') return mount.device_number;
  const option = [...mount.super_options].find(text => text.startsWith('upperdir='));
  const upper = option?.slice('upperdir='.length);
  if (upper === undefined) return mount.device_number;
  const below = own.filter(({ mount: folder }) => isWithin(upper, folder));
  return below.sort((a, b) => b.mount.length - a.mount.length)[0]?.device_number ?? mount.device_number;
}

/** Not pipes, sockets, devices and memory of the kernel's own. */
function isFileName(target: string): boolean {
  if (!target.startsWith('/') || target.startsWith('/memfd:')) return false;
  return target.startsWith('/dev/shm/') || !/^\/(dev|proc|sys)\//.test(target);
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // closed meanwhile
  }
}
