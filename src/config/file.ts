import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorWords } from '../lib/files/error-words.js';
import { distrustOfFolder } from '../lib/files/trusted-path.js';
import { printable } from '../lib/text/printable.js';
import { readConfigText } from './load.js';

/**
 * The configuration's file, read to be written again. It is replaced as a whole, with the owner and the mode
 * that it had, and only where nobody else could have put a link or another file in its place.
 */

/** It cannot be written. The message says why, and what to do. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
}

export interface ConfigFile {
  /** As it was named. */
  path: string;
  /** Where it is, after links. */
  real: string;
  text: string;
  /** Null: there is none yet. */
  stat: BigIntStats | null;
}

/** @throws ConfigError when it cannot be read, WriteError when it must not be written */
export function openConfigFile(path: string): ConfigFile {
  const real = resolved(path);
  const stat = statSync(real, { bigint: true, throwIfNoEntry: false }) ?? null;
  return { path, real, text: readConfigText(real, false) ?? '', stat };
}

/**
 * Puts the text in the file's place.
 * @throws WriteError; then the file is as it was, and so when it changed since it was opened
 */
export function replaceConfigFile({ path, real, stat }: ConfigFile, text: string): void {
  const folder = dirname(real);
  const shown = printable(path, 300);
  const temporary = join(folder, `.${basename(real)}.${randomBytes(6).toString('hex')}`);
  try {
    makeFolder(folder);
    write(temporary, text, stat);
    const now = statSync(real, { bigint: true, throwIfNoEntry: false }) ?? null;
    if (!isSame(stat, now))
      throw new WriteError(`${shown} was changed by somebody else meanwhile: try again`);
    renameSync(temporary, real);
    syncFolder(folder);
  } catch (error) {
    if (existsSync(temporary)) unlinkSync(temporary);
    if (error instanceof WriteError) throw error;
    throw new WriteError(`${shown} cannot be written: ${errorWords(error, BETTER)}`);
  }
}

function resolved(path: string): string {
  const isRoot = process.geteuid?.() === 0;
  const shown = printable(path, 300);
  let real: string;
  try {
    const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    if (link && isRoot)
      throw new WriteError(`${shown} is a link, and root writes through none: name its target`);
    real = link ? realpathSync(path) : path;
  } catch (error) {
    if (error instanceof WriteError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new WriteError(`${shown}: ${code === 'ENOENT' ? 'a link to nowhere' : code}`);
  }
  const wrong = distrustOfFolder(nearestFolder(dirname(real)));
  if (wrong !== null) throw new WriteError(`${shown} is not written: ${printable(wrong, 300)}`);
  return real;
}

/** The folder, or the one above it that exists. */
function nearestFolder(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent);
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: process.geteuid?.() === 0 ? 0o755 : 0o700 });
}

function write(path: string, text: string, stat: BigIntStats | null): void {
  const isRoot = process.geteuid?.() === 0;
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    if (
      stat !== null &&
      (Number(stat.uid) !== process.geteuid?.() || Number(stat.gid) !== process.getegid?.())
    )
      fchownSync(fd, Number(stat.uid), Number(stat.gid));
    // After the owner: changing that takes set-id bits away.
    fchmodSync(fd, stat === null ? (isRoot ? 0o644 : 0o600) : Number(stat.mode) & 0o777);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** So that the new name outlives a crash of the machine. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isSame(a: BigIntStats | null, b: BigIntStats | null): boolean {
  if (a === null || b === null) return a === b;
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.size === b.size;
}

const BETTER = {
  EROFS:
    'it is on a read-only file system (the service of systemd may not write it; root can: vigil config set)',
};
