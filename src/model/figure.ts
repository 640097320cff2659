import type { Snapshot } from './snapshot.js';

/** A figure of the machine that the history keeps: whoever measures it declares it. */
export interface Figure {
  /** Lower case, words joined by `_`, the unit at the end: `disk_read_bytes_per_s`, `cpu_busy_percent`, `cpu_celsius`. */
  name: string;
  /** Digits behind the point that are kept; without it: two of percent, one of degrees, none of anything else. */
  decimals?: number;
  /** In the unit of the name; null and undefined: not known at that moment. */
  of(snapshot: Snapshot): number | null | undefined;
}

/** Of what is known; null when nothing is. */
export function sum(values: readonly (number | null)[] | undefined): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : numbers.reduce((total, value) => total + value, 0);
}

/** The greatest of what is known; null when nothing is. */
export function max(values: readonly (number | null)[] | undefined): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function known(values: readonly (number | null)[] | undefined): number[] {
  return (values ?? []).filter(value => value !== null);
}
