import { closeSync, constants, opendirSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * The one way in which vigil reads files and folders: never more than it asked for, whoever wrote them. The file of
 * somebody else can be endless (a process moves its arguments onto a mapping of terabytes), can wait (a FIFO) and can
 * be a device. Lint forbids the readers of `node:fs` that know no bound everywhere but here.
 */

export interface Reading {
  /** Lies in a buffer that the next reading overwrites: take out what is wanted before it. */
  bytes: Buffer;
  /** There is more than was asked for. */
  cut: boolean;
}

/** Fits what /proc and /sys say of one thing. */
export const SMALL_BYTES = 64 * 1024;
/** Of mountinfo: some 8,000 mounts. */
export const MOUNTS_BYTES = 1024 * 1024;
/** Of what has lines for each core or interrupt. */
export const MANY_CORES_BYTES = 4 * 1024 * 1024;
/** More names than this are in no folder that is read for what it holds. */
const MANY_NAMES = 10_000;
/** Neither waits for a FIFO's writer nor takes a terminal for its own; libuv adds O_CLOEXEC. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const shared = Buffer.allocUnsafeSlow(SMALL_BYTES + 1);

/** The first `max_bytes` of a file. Throws as fs does. */
export function readBytes(path: string, max_bytes = SMALL_BYTES): Reading {
  const fd = openSync(path, FLAGS);
  try {
    return readFrom(fd, max_bytes);
  } finally {
    closeSync(fd);
  }
}

/** The same of an open file, from where it stands. */
export function readFrom(fd: number, max_bytes = SMALL_BYTES): Reading {
  const whole: Buffer[] = [];
  let before = 0;
  for (;;) {
    const wanted = Math.min(max_bytes + 1 - before, shared.length);
    let length = 0;
    for (let got = -1; got !== 0 && length < wanted; length += got)
      got = readSync(fd, shared, length, wanted - length, null);
    const total = before + length;
    const ended = length < wanted || total > max_bytes;
    const part = shared.subarray(0, Math.min(length, max_bytes - before));
    if (ended && before === 0) return { bytes: part, cut: total > max_bytes };
    whole.push(Buffer.from(part));
    if (ended) return { bytes: Buffer.concat(whole), cut: total > max_bytes };
    before = total;
  }
}

/** As `readBytes`, as text. A last line that is cut is left out: half a path or number is a wrong one. */
export function readText(
  path: string,
  max_bytes = SMALL_BYTES,
  encoding: 'latin1' | 'utf8' = 'latin1',
): string {
  const { bytes, cut } = readBytes(path, max_bytes);
  if (!cut) return bytes.toString(encoding);
  cuts.files++;
  return bytes.toString(encoding, 0, bytes.lastIndexOf(10) + 1);
}

/** Null where it is gone or may not be read. Throws when the fault is vigil's own: then nothing is known. */
export function tryReadText(
  path: string,
  max_bytes = SMALL_BYTES,
  encoding: 'latin1' | 'utf8' = 'latin1',
): string | null {
  return unlessOurs(() => readText(path, max_bytes, encoding));
}

/** What a file begins with, where the rest is of no interest. Null as for `tryReadText`. */
export function tryReadHead(path: string, bytes: number): string | null {
  return unlessOurs(() => readBytes(path, bytes).bytes.toString('utf8'));
}

/**
 * For files that make no sense in part. `waits`: a person named it, who may mean a pipe.
 * @throws TooLargeError when there is more
 */
export function readWhole(path: string, max_bytes: number, { waits = false } = {}): Buffer {
  const fd = openSync(path, waits ? constants.O_RDONLY | constants.O_NOCTTY : FLAGS);
  try {
    const { bytes, cut } = readFrom(fd, max_bytes);
    if (cut) throw new TooLargeError(max_bytes);
    return Buffer.from(bytes);
  } finally {
    closeSync(fd);
  }
}

/** On a thread, for what the kernel takes long to write. A buffer of its own. Throws as fs does. */
export async function readBytesAside(path: string, max_bytes: number): Promise<Reading> {
  const file = await open(path, FLAGS);
  try {
    const whole: Buffer[] = [];
    for (let total = 0; ; ) {
      const wanted = Math.min(max_bytes + 1 - total, SMALL_BYTES);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, null);
      total += bytesRead;
      whole.push(buffer.subarray(0, bytesRead));
      if (bytesRead > 0 && total <= max_bytes) continue;
      const bytes = Buffer.concat(whole, Math.min(total, max_bytes));
      return { bytes, cut: total > max_bytes };
    }
  } finally {
    await file.close();
  }
}

/**
 * The first `max` names in a folder, in no order, one by one: who reads many can turn to other work between two.
 * Throws as fs does.
 */
export function* eachName(path: string, max = MANY_NAMES): Generator<string> {
  const folder = opendirSync(path, { bufferSize: 256 });
  try {
    let seen = 0;
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (++seen > max) {
        cuts.lists++;
        return;
      }
      yield entry.name;
    }
  } finally {
    folder.closeSync();
  }
}

/** `max` names in a folder, by name. Throws as fs does. */
export function listNames(path: string, max = MANY_NAMES): string[] {
  return [...eachName(path, max)].sort();
}

/** Empty where the folder is gone or may not be read. Throws when the fault is vigil's own. */
export function tryList(path: string, max = MANY_NAMES): string[] {
  return unlessOurs(() => listNames(path, max)) ?? [];
}

/** The folders in a folder, of its first `max` entries. Throws as fs does. */
export function listFolders(path: string, max: number): { names: string[]; cut: boolean } {
  const names: string[] = [];
  const folder = opendirSync(path, { bufferSize: 256 });
  try {
    let seen = 0;
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (++seen > max) {
        cuts.lists++;
        return { names, cut: true };
      }
      if (entry.isDirectory()) names.push(entry.name);
    }
  } finally {
    folder.closeSync();
  }
  return { names, cut: false };
}

export class TooLargeError extends Error {
  override name = 'TooLargeError';
  constructor(readonly max_bytes: number) {
    super(`more than ${max_bytes} bytes`);
  }
}

/** It could not be read for want of time: as little is known as when descriptors run out. */
export class NotNowError extends Error {
  override name = 'NotNowError';
}

/** How often something was longer than what is read of it, since the start: `vigil health` tells. */
export const cuts = { arguments: 0, environments: 0, lists: 0, files: 0 };

/**
 * What a failure says. `gone`: there is no such thing, or no such process. `ours`: descriptors, memory or time ran out,
 * which says nothing of what was to be read. `unreadable`: it is there, and may not be looked at.
 */
export function failureOf(error: unknown): 'gone' | 'ours' | 'unreadable' {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return 'gone';
  if (error instanceof NotNowError) return 'ours';
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM' ? 'ours' : 'unreadable';
}

/** Null for what is gone or may not be read; a fault of vigil's own is thrown on. */
export function unlessOurs<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (failureOf(error) === 'ours') throw error;
    return null;
  }
}

/** `unknown`: a fault of vigil's own, which is nothing that anybody else did. */
export function orUnknown<T>(read: () => T): T | 'unknown' {
  try {
    return read();
  } catch (error) {
    if (failureOf(error) !== 'ours') throw error;
    return 'unknown';
  }
}
