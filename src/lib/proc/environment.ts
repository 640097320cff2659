import { memoryOf } from './process-memory.js';

/**
 * These variables of a process, as it was started with them; the last one of a name counts. What cannot be read, or
 * lies beyond the first 256 KiB, is as if it were not set.
 */
export function environmentOf<N extends string>(
  root: string,
  pid: number,
  wanted: readonly N[],
): Partial<Record<N, string>> {
  const found: Partial<Record<N, string>> = {};
  const bytes = memoryOf(root).read(pid, 'environ');
  if (bytes === null || bytes === 'unknown') return found;
  for (const entry of bytes.toString('utf8').split('\0'))
    for (const name of wanted) if (entry.startsWith(`${name}=`)) found[name] = entry.slice(name.length + 1);
  return found;
}
