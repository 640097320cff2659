import type { ProcessSample } from '../../model/snapshot.js';

/** The processes worth keeping: the largest and the busiest ones in turn, each once, at most `count`. */
export function topProcesses(processes: readonly ProcessSample[], count: number): ProcessSample[] {
  const largest = greatest(processes, count, process => process.rss_bytes);
  const busiest = greatest(processes, count, process => process.cpu_percent ?? 0);
  const chosen = new Set<ProcessSample>();
  for (let i = 0; i < count && chosen.size < count; i++) {
    const large = largest[i];
    const busy = busiest[i];
    if (large !== undefined) chosen.add(large);
    if (busy !== undefined && chosen.size < count) chosen.add(busy);
  }
  return [...chosen];
}

/** The `count` with the highest values above 0, highest first: one pass, no sorting of thousands. */
export function greatest<T>(items: Iterable<T>, count: number, value: (item: T) => number): T[] {
  const found: T[] = [];
  const values: number[] = [];
  for (const item of items) {
    const its = value(item);
    if (!(its > 0) || (found.length === count && its <= values[count - 1]!)) continue;
    let at = found.length;
    while (at > 0 && values[at - 1]! < its) at--;
    found.splice(at, 0, item);
    values.splice(at, 0, its);
    if (found.length > count) {
      found.pop();
      values.pop();
    }
  }
  return found;
}
