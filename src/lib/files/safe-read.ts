import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorWords } from './error-words.js';

export type ReadResult = { ok: true; text: string; size: number } | { ok: false; why: string };
/** `size`: where that is why. */
export type BytesResult =
  | { ok: true; bytes: Buffer; size: number }
  | { ok: false; why: string; size?: number };

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface ReadLimits {
  /** Only a file of this user is believed; null: of anybody. */
  uid: number | null;
  /** Larger files are refused, or, with `tail`, only their end is read. */
  max_bytes: number;
  part?: 'whole' | 'tail' | 'head';
}

/**
 * Reads a file that a user wrote and that may be a trap: never follows a symlink, never blocks on a FIFO,
 * never reads a device, another user's file or more than `max_bytes`.
 */
export function safeRead(path: string, limits: ReadLimits): ReadResult {
  return readOpened(() => openSync(path, FLAGS), limits);
}

/** The same as bytes. */
export function safeReadBytes(path: string, limits: ReadLimits): BytesResult {
  return bytesOfOpened(() => openSync(path, FLAGS), limits);
}

/** The same of what `open` opens, which is closed afterwards. */
export function readOpened(open: () => number, limits: ReadLimits): ReadResult {
  const read = bytesOfOpened(open, limits);
  return read.ok
    ? { ok: true, text: read.bytes.toString('utf8'), size: read.size }
    : { ok: false, why: read.why };
}

/** As `readOpened`, as bytes. */
export function bytesOfOpened(open: () => number, limits: ReadLimits): BytesResult {
  let fd: number;
  try {
    fd = open();
  } catch (error) {
    return { ok: false, why: errorWords(error) };
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return { ok: false, why: 'not a regular file' };
    if (limits.uid !== null && stat.uid !== limits.uid)
      return { ok: false, why: `owned by uid ${stat.uid}, not by uid ${limits.uid}` };
    const part = limits.part ?? 'whole';
    if (part === 'whole' && stat.size > limits.max_bytes) {
      return { ok: false, why: `${stat.size} bytes, more than ${limits.max_bytes}`, size: stat.size };
    }
    const length = Math.min(stat.size, limits.max_bytes);
    const buffer = Buffer.allocUnsafe(length);
    const position = part === 'tail' ? stat.size - length : 0;
    const read = readSync(fd, buffer, 0, length, position);
    return { ok: true, bytes: buffer.subarray(0, read), size: stat.size };
  } catch (error) {
    return { ok: false, why: errorWords(error) };
  } finally {
    closeSync(fd);
  }
}
