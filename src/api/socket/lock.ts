import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ensureOwnDir } from '../../lib/files/own-folder.js';
import { libc } from '../../lib/os/libc.js';
import { printable } from '../../lib/text/printable.js';

/**
 * One daemon per runtime folder. The lock is the kernel's (`flock` on `vigil.pid`): it ends with its
 * process, however that dies, so a stale one cannot exist, and two that start together cannot both get it.
 * The number in the file only serves the message. The file stays when the daemon ends: removing it would
 * open a race with the next one.
 */

export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(
    readonly dir: string,
    readonly pid: number | null,
  ) {
    const who = pid === null ? '' : ` (pid ${pid})`;
    super(
      `another vigil daemon${who} already runs on ${printable(dir)}: stop it first, or give this one its own --runtime-dir`,
    );
  }
}

/** Proof that this process holds the folder. */
export interface RuntimeLock {
  readonly dir: string;
  release(): void;
}

const LOCK_EX = 2;
const LOCK_NB = 4;
const EAGAIN = 11;

/**
 * Makes the folder if need be, and takes it. Throws AlreadyRunningError, or UnsafeDirError when others
 * may write there.
 */
export function lockRuntimeDir(dir: string): RuntimeLock {
  ensureOwnDir(dir);
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const path = join(dir, 'vigil.pid');
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${printable(path)} is not a regular file: remove it`);
    take(fd, dir);
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`, 0);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  let held = true;
  return {
    dir,
    release() {
      if (!held) return;
      held = false;
      ftruncateSync(fd, 0);
      closeSync(fd);
    },
  };
}

function take(fd: number, dir: string): void {
  const c = libc();
  if (c === null) throw new Error('cannot lock the runtime folder: koffi does not load on this platform');
  if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return;
  const errno = c.errno();
  if (errno === EAGAIN) throw new AlreadyRunningError(dir, pidIn(fd));
  throw new Error(`cannot lock ${printable(join(dir, 'vigil.pid'))}: flock failed with errno ${errno}`);
}

function pidIn(fd: number): number | null {
  const buffer = Buffer.alloc(32);
  const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0)).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}
