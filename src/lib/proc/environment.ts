import { memoryOf } from './process-memory.js';

/** What is known of these variables. One that is absent is not set; `unknown`: it cannot be told now, ask again later. */
export type Environment<N extends string> = Partial<Record<N, string>> | 'unknown';

/**
 * These variables of a process, as it was started with them; the last one of a name counts. In a process that is gone or
 * may not be looked at, and beyond the first 256 KiB, none is set.
 */
export function environmentOf<N extends string>(
  root: string,
  pid: number,
  wanted: readonly N[],
): Environment<N> {
  const bytes = memoryOf(root).read(pid, 'environ');
  if (bytes === 'unknown') return bytes;
  return bytes === null ? {} : variablesIn(bytes, wanted);
}

/** Of `NAME=value\0…`. Searched, not split: a quarter of a million empty entries are no work for the event loop. */
export function variablesIn<N extends string>(
  bytes: Buffer,
  wanted: readonly N[],
): Partial<Record<N, string>> {
  const found: Partial<Record<N, string>> = {};
  for (const name of wanted) {
    const begin = lastEntry(bytes, `${name}=`);
    if (begin === null) continue;
    const value = begin + name.length + 1;
    const end = bytes.indexOf(0, value);
    found[name] = bytes.toString('utf8', value, end < 0 ? bytes.length : end);
  }
  return found;
}

function lastEntry(bytes: Buffer, beginning: string): number | null {
  const within = bytes.lastIndexOf(`\0${beginning}`);
  if (within >= 0) return within + 1;
  return bytes.toString('latin1', 0, beginning.length) === beginning ? 0 : null;
}
