import * as bounded from '../../lib/files/bounded-read.js';

export { MANY_CORES_BYTES, MOUNTS_BYTES, readText } from '../../lib/files/bounded-read.js';

/** Null where the file is missing, may not be read, or does not answer, or descriptors ran out: nothing is known. */
export function tryReadText(path: string, max_bytes?: number): string | null {
  return orNull(() => bounded.readText(path, max_bytes));
}

/** The number that a file of one line holds; null where there is none. */
export function tryReadNumber(path: string): number | null {
  const text = tryReadText(path)?.trim();
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Empty where the directory is missing or may not be read. */
export function tryList(path: string, max?: number): string[] {
  return orNull(() => bounded.listNames(path, max)) ?? [];
}

/** `ENOENT` and the like; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
