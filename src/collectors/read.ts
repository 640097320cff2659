import { readdirSync, readFileSync } from 'node:fs';

/** The text of a small file of /proc or /sys. Throws as fs does. */
export function readText(path: string): string {
  return readFileSync(path, 'latin1');
}

/** Null where the file is missing, may not be read, or does not answer. */
export function tryReadText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}

/** The number that a file of one line holds; null where there is none. */
export function tryReadNumber(path: string): number | null {
  const text = tryReadText(path)?.trim();
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Empty where the directory is missing or may not be read. */
export function tryList(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** `ENOENT` and the like; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
