import { readFileSync, writeFileSync } from 'node:fs';
import type { HealthReport } from '../../src/api/client/index.js';
import { family } from '../soak/family.js';

/** Memory of one process of vigil, at rest and at its highest since. */
export interface Peak {
  name: string;
  pid: number;
  rest_bytes: number;
  peak_bytes: number;
}

/** What a user's helper has once it is up. */
const HELPER_BYTES = 60_000_000;

/** Peak memory of the daemon and its helpers, by the kernel's own high-water mark (proc_pid_clear_refs(5)). */
export class Peaks {
  private readonly rest = new Map<number, Peak>();

  constructor(private readonly daemon: number) {
    this.look();
  }

  /** Takes in who is new; what is there for the first time is at rest. */
  look(): void {
    for (const { pid, name, rss_bytes } of family(this.daemon)) {
      if (this.rest.has(pid) || name.startsWith('bpftrace')) continue;
      try {
        writeFileSync(`/proc/${pid}/clear_refs`, '5');
      } catch {
        continue;
      }
      // One that is just starting is not at rest yet.
      const rest_bytes = pid === this.daemon ? rss_bytes : Math.max(rss_bytes, HELPER_BYTES);
      this.rest.set(pid, { name, pid, rest_bytes, peak_bytes: rss_bytes });
    }
    for (const peak of this.rest.values()) peak.peak_bytes = Math.max(peak.peak_bytes, highWater(peak.pid));
  }

  /** The one that grew most. */
  worst(): Peak {
    const grown = (peak: Peak) => peak.peak_bytes - peak.rest_bytes;
    return [...this.rest.values()].reduce((worst, peak) => (grown(peak) > grown(worst) ? peak : worst));
  }
}

function highWater(pid: number): number {
  try {
    const kb = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return Number(kb ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Counters of loss and refusal in a health report, by their path, and what it says in words. */
const COUNTERS =
  /lost|dropp|left_out|cut|refus|unparsed|not_understood|flood|evict|restart|skipp|throttl|truncat/;

export function counters(health: HealthReport): { numbers: Map<string, number>; words: Set<string> } {
  const numbers = new Map<string, number>();
  const words = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'number') {
      if (COUNTERS.test(path)) numbers.set(path, value);
    } else if (typeof value === 'string') {
      if (/note|problem|missing|message/.test(path)) words.add(value);
    } else if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) {
        const name =
          (each as { name?: unknown } | null)?.name ?? (each as { uid?: unknown } | null)?.uid ?? index;
        walk(each, `${path}.${name}`);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) walk(each, path === '' ? key : `${path}.${key}`);
    }
  };
  walk(health, '');
  return { numbers, words };
}

/** What rose, e.g. `sensor.programs.terminal.lost +12`, and what is said that was not. */
export function risen(before: HealthReport, after: HealthReport): string[] {
  const earlier = counters(before);
  const now = counters(after);
  const rises = [...now.numbers]
    .map(([path, value]) => [path, value - (earlier.numbers.get(path) ?? 0)] as const)
    .filter(([, rise]) => rise > 0)
    .map(([path, rise]) => `${path} +${rise}`);
  const news = [...now.words].filter(text => !earlier.words.has(text)).map(text => text.slice(0, 100));
  return [...rises, ...news];
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
