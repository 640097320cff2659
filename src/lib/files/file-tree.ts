import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { libc } from '../os/libc.js';
import { parseStat } from '../proc/stat.js';
import type { ProcessIdentity } from '../process/identity.js';
import { tryList, tryReadHead, unlessOurs } from './bounded-read.js';
import {
  type BytesResult,
  bytesOfOpened,
  type ReadLimits,
  type ReadResult,
  readOpened,
  safeRead,
  safeReadBytes,
} from './safe-read.js';
import { statFile } from './stat-file.js';

/** Where paths are looked up: the folders that vigil itself sees, or those of a container. */
export interface FileTree {
  /** Runs `use` with a path that leads there, good until it returns. Throws as fs does. */
  at<T>(path: string, use: (path: string) => T): T;
  /** As `safeRead`. */
  read(path: string, limits: ReadLimits): ReadResult;
  /** As `safeReadBytes`. */
  bytes(path: string, limits: ReadLimits): BytesResult;
  close(): void;
}

/** What vigil itself sees. */
export const OWN_TREE: FileTree = {
  at: (path, use) => use(path),
  read: safeRead,
  bytes: safeReadBytes,
  close: () => {},
};

/** What names a file, wherever it is reached from. */
export type FileId = Pick<Stats, 'dev' | 'ino'>;

/** As `statFile`. */
export function statIn(tree: FileTree, path: string): Stats | null {
  try {
    return tree.at(path, statFile);
  } catch {
    return null;
  }
}

/** Folders that are looked into on the way up: who nests his deeper chooses what that costs. */
const MAX_ABOVE = 64;

/** The path of `name` in `folder` or in the nearest one above it whose file is accepted; null: in none of them. */
export function nearestIn(
  tree: FileTree,
  folder: string,
  name: string,
  accepts: (stat: Stats) => boolean = () => true,
): string | null {
  let at = folder;
  for (let looked = 0; at !== '' && looked < MAX_ABOVE; looked++) {
    const stat = statIn(tree, `${at}/${name}`);
    if (stat !== null && accepts(stat)) return `${at}/${name}`;
    at = at.slice(0, at.lastIndexOf('/'));
  }
  return null;
}

/** As `tryList`. */
export function listIn(tree: FileTree, path: string, max: number): string[] {
  return unlessOurs(() => tree.at(path, there => tryList(there, max))) ?? [];
}

/** include/uapi/asm-generic/fcntl.h; Node does not name it. Opens nothing: neither waits nor wakes a device. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
/** include/uapi/linux/openat2.h */
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
/** `struct open_how`: flags, mode, resolve. */
const HOW_BYTES = 24;
/** The kernel gives up when something was renamed meanwhile: it can be made to by whoever renames without a pause. */
const TRIES = 4;
const EAGAIN = 11;

/**
 * The tree below the root folder of a process in another mount namespace, which may be hostile. `openat2` looks every
 * path up as that process would: links and `..` end at that root, links of /proc lead nowhere, and no rename in between
 * changes that. What is no regular file is not even opened.
 */
export class RootedTree implements FileTree {
  /** `root`: that folder, opened with O_PATH; closed with this. */
  constructor(private root: number) {}

  at<T>(path: string, use: (path: string) => T): T {
    const fd = this.open(path, 0);
    try {
      return use(descriptorPath(fd));
    } finally {
      closeSync(fd);
    }
  }

  read(path: string, limits: ReadLimits): ReadResult {
    return readOpened(() => this.openFile(path), limits);
  }

  bytes(path: string, limits: ReadLimits): BytesResult {
    return bytesOfOpened(() => this.openFile(path), limits);
  }

  /** Its number may be another file's from then on. */
  close(): void {
    if (this.root < 0) return;
    closeSync(this.root);
    this.root = -1;
  }

  private openFile(path: string): number {
    const fd = this.open(path, constants.O_NOFOLLOW);
    try {
      const stat = fstatSync(fd);
      if (stat.isSymbolicLink()) throw failure('ELOOP', path);
      if (!stat.isFile()) throw failure('ENXIO', path);
      return openSync(descriptorPath(fd), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } finally {
      closeSync(fd);
    }
  }

  private open(path: string, flags: number): number {
    if (this.root < 0) throw failure('EBADF', path);
    if (path.includes('\0')) throw failure('ENOENT', path);
    const how = Buffer.alloc(HOW_BYTES);
    how.writeBigUInt64LE(BigInt(O_PATH | O_CLOEXEC | flags), 0);
    how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16);
    for (let i = 1; ; i++) {
      const fd = libc()?.openat2(this.root, path, how);
      if (fd === undefined) throw failure('ENOSYS', path);
      if (fd >= 0) return fd;
      if (fd !== -EAGAIN || i === TRIES) throw failure(getSystemErrorName(fd), path);
    }
  }
}

/**
 * The root folder of a process, with O_PATH; the kernel asks for the right to trace it. Closed by whoever asks.
 * Throws as fs does; also when the process is gone, and another has its pid.
 */
export function openRoot(procRoot: string, { pid, start_ticks }: ProcessIdentity): number {
  const fd = openSync(`${procRoot}/${pid}/root`, O_PATH | constants.O_DIRECTORY);
  const stat = parseStat(tryReadHead(`${procRoot}/${pid}/stat`, 2048) ?? '');
  if (stat?.start_ticks === start_ticks) return fd;
  closeSync(fd);
  throw failure('ESRCH', `${procRoot}/${pid}/root`);
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
