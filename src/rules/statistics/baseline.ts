import { wallTime } from '../../lib/time/time.js';

/**
 * What is usual for a figure of the machine at an hour of the day: mean and variance by Welford's method,
 * one sample a minute. Old days fade: beyond two weeks' worth of samples each new one counts as if there
 * were no more than those.
 */
export interface Usual {
  mean: number;
  deviation: number;
  /** On how many days this hour was seen. */
  days: number;
}

/** [count, mean, sum of squared differences (M2), days seen, number of the last day seen] */
type Cell = [count: number, mean: number, m2: number, days: number, last_day: number];

/** One figure at one hour of the day, as the store keeps it. */
export interface BaselineCell {
  key: string;
  /** 0 to 23, local. */
  hour: number;
  state: unknown;
}

const EVERY_MS = 60_000;
const FADES_AFTER = 14 * 60;
const CLIP_AFTER = 30;
const CLIP_DEVIATIONS = 3;

/** Percentage points. A figure that never moves has no deviation; a smaller change is none. */
export const LEAST_DEVIATION = 5;

export class Baseline {
  /** By metric, 24 hours each. */
  private readonly state: Record<string, (Cell | null)[]> = {};
  private learned_ms = Number.NEGATIVE_INFINITY;

  /** @param timezoneOffset_minutes of a moment, as Date.prototype.getTimezoneOffset tells it */
  constructor(
    private readonly timezoneOffset_minutes: (time_ms: number) => number = time_ms =>
      new Date(time_ms).getTimezoneOffset(),
  ) {}

  learn(time_ms: number, figures: Readonly<Record<string, number>>): void {
    if (time_ms - this.learned_ms < EVERY_MS) return;
    this.learned_ms = time_ms;
    const { hour, day } = this.local(time_ms);
    for (const [metric, value] of Object.entries(figures)) {
      this.state[metric] ??= Array.from({ length: 24 }, () => null);
      this.state[metric][hour] ??= [0, 0, 0, 0, -1];
      const cell = this.state[metric][hour];
      if (cell[0] >= FADES_AFTER) {
        cell[2] *= (FADES_AFTER - 1) / cell[0];
        cell[0] = FADES_AFTER - 1;
      }
      cell[0]++;
      const learned = clipped(value, cell);
      const before = learned - cell[1];
      cell[1] += before / cell[0];
      cell[2] += before * (learned - cell[1]);
      if (cell[4] !== day) {
        cell[3]++;
        cell[4] = day;
      }
    }
  }

  /** Null before there is anything to say about this hour. */
  usual(metric: string, time_ms: number): Usual | null {
    const cell = this.state[metric]?.[this.local(time_ms).hour];
    if (cell == null || cell[0] < 2) return null;
    return { mean: cell[1], deviation: Math.sqrt(cell[2] / (cell[0] - 1)), days: cell[3] };
  }

  /** A copy, for the store. */
  save(): BaselineCell[] {
    return Object.entries(this.state).flatMap(([key, hours]) =>
      hours.flatMap((cell, hour) => (cell === null ? [] : [{ key, hour, state: [...cell] }])),
    );
  }

  /** What was saved before, in place of what was learned since. Cells that make no sense are left out. */
  restore(cells: readonly BaselineCell[]): void {
    for (const { key, hour, state } of cells) {
      if (!isCell(state) || !Number.isInteger(hour) || hour < 0 || hour > 23) continue;
      this.state[key] ??= Array.from({ length: 24 }, () => null);
      this.state[key][hour] = [...state];
    }
  }

  private local(time_ms: number): { hour: number; day: number } {
    const wall_ms = wallTime(time_ms);
    const local_ms = wall_ms - this.timezoneOffset_minutes(wall_ms) * 60_000;
    const day = Math.floor(local_ms / 86_400_000);
    return { hour: Math.floor((local_ms - day * 86_400_000) / 3_600_000), day };
  }
}

function isCell(state: unknown): state is Cell {
  return (
    Array.isArray(state) &&
    state.length === 5 &&
    state.every(Number.isFinite) &&
    state[0] > 0 &&
    state[2] >= 0
  );
}

/** What is far off counts as just off: one bad hour does not make the next one usual, a lasting change does. */
function clipped(value: number, [count, mean, m2]: Cell): number {
  if (count <= CLIP_AFTER) return value;
  const reach = CLIP_DEVIATIONS * Math.max(LEAST_DEVIATION, Math.sqrt(m2 / (count - 1)));
  return Math.min(mean + reach, Math.max(mean - reach, value));
}

/** The figures that are learned, each in percent. */
export function baselineFigures(host: {
  cores: number;
  memory: {
    total_bytes: number;
    used_bytes: number;
    swap_total_bytes: number;
    swap_used_bytes: number;
  } | null;
  cpu: { busy_percent: number | null; load5: number } | null;
}): Record<string, number> {
  const figures: Record<string, number> = {};
  const { memory, cpu, cores } = host;
  if (memory !== null && memory.total_bytes > 0) {
    figures.ram_percent = (memory.used_bytes / memory.total_bytes) * 100;
    if (memory.swap_total_bytes > 0) {
      figures.swap_percent = (memory.swap_used_bytes / memory.swap_total_bytes) * 100;
    }
  }
  if (cpu !== null) {
    if (cpu.busy_percent !== null) figures.cpu_percent = cpu.busy_percent;
    if (cores > 0) figures.load_percent = (cpu.load5 / cores) * 100;
  }
  return figures;
}
