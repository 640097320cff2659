import { accessSync, closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { libc } from '../../lib/os/libc.js';
import { printable } from '../../lib/text/printable.js';

/** What is locked, and the folder for our own files that must be there, too. */
export interface LockPlace {
  path: string;
  folder: string;
}

/**
 * Who holds it serves the desktop: popups, badges, and the icon in the tray. It is the runtime directory itself that is
 * locked: no file in it, which its user could remove while it is held.
 */
export function desktopLock(runtimeDir: string): LockPlace {
  return { path: runtimeDir, folder: `${runtimeDir}/vigil` };
}

/** Who holds it shows the icon while no helper does. */
export function trayLock(runtimeDir: string): LockPlace {
  const folder = `${runtimeDir}/vigil`;
  return { path: folder, folder };
}

const MAX_PATH_SHOWN = 60;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const EAGAIN = 11;
/** Who merely asks holds it for a moment. */
const TRIES = 4;
const TRY_AGAIN_MS = 15;

/** Why a lock cannot be had; never more than 200 characters. */
export interface Refusal {
  /** Somebody else has it: nothing is wrong. */
  taken: boolean;
  why: string;
}

const TAKEN: Refusal = { taken: true, why: 'another vigil serves this desktop' };

/**
 * One helper for each desktop: of a daemon of root and one of the user, only one shows popups. The lock is the
 * kernel's (flock(2) on a directory): two cannot have it, and it ends with its process, however that dies.
 */
export class DesktopLock {
  private fd: number | null = null;
  private refused: Refusal | null = null;

  constructor(private readonly place: LockPlace) {}

  get held(): boolean {
    return this.fd !== null;
  }

  /** Why the last `take()` failed; null: it did not. */
  get refusal(): Refusal | null {
    return this.refused;
  }

  /** True when it is ours now; else `refusal` says why not. Never rejects. */
  async take(): Promise<boolean> {
    if (this.fd !== null) return true;
    this.refused = unusable(this.place.folder);
    if (this.refused !== null) return false;
    for (let tries = 1; this.fd === null; tries++) {
      const got = lock(this.place.path, LOCK_EX);
      if (typeof got === 'number') this.fd = got;
      else {
        this.refused = got;
        if (!got.taken || tries === TRIES) return false;
        await sleep(TRY_AGAIN_MS);
      }
    }
    this.refused = null;
    return true;
  }

  release(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
    this.refused = null;
  }
}

/** Somebody holds it. */
export function isLocked({ path }: LockPlace): boolean {
  const got = lock(path, LOCK_SH);
  if (typeof got === 'number') closeSync(got);
  return typeof got !== 'number' && got.taken;
}

/** Why we cannot keep our files there; null: we can. It is made where it is missing. */
function unusable(folder: string): Refusal | null {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') return failure(dirname(folder), code ?? 'unknown error');
  }
  try {
    if (!lstatSync(folder).isDirectory()) return failure(folder, 'ENOTDIR');
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return failure(folder, (error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
}

/** The descriptor that holds it, or why not. */
function lock(path: string, how: number): number | Refusal {
  const c = libc();
  if (c === null)
    return { taken: false, why: 'cannot lock this desktop: koffi does not load on this platform' };
  let fd: number;
  try {
    fd = openSync(path, DIRECTORY);
  } catch (error) {
    return failure(path, (error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
  if (c.flock(fd, how | LOCK_NB) === 0) return fd;
  const errno = c.errno();
  closeSync(fd);
  return errno === EAGAIN ? TAKEN : failure(path, `flock: errno ${errno}`);
}

function failure(path: string, code: string): Refusal {
  return {
    taken: false,
    why: `cannot lock this desktop: ${printable(path, MAX_PATH_SHOWN)} ${reason(code)}`,
  };
}

/** What is wrong with the path before it, and what to change. */
function reason(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'may not be written into: it must belong to this user; remove it or change its owner';
    case 'ENOENT':
      return 'is not there: log in again, or create it';
    case 'ENOTDIR':
    case 'ELOOP':
      return 'is not a folder: remove it';
    case 'EROFS':
      return 'is on a read-only file system: XDG_RUNTIME_DIR must be writable';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'does not fit on the full disk: make room';
    default:
      return `cannot be used: ${printable(code, 60)}`;
  }
}
