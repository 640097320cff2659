import { tryReadText } from '../bounded-read.js';

export { MANY_CORES_BYTES, readText, tryList, tryReadText } from '../bounded-read.js';

/** The number that a file of one line holds; null where there is none. */
export function tryReadNumber(path: string): number | null {
  const text = tryReadText(path)?.trim();
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** `ENOENT` and the like; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
