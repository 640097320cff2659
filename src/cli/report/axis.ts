import { timeDay, timeTicks } from 'd3-time';
import { dayTime, monthDay } from '../ui/format.js';

/** Round times, local, for the axis of a chart. */

export interface Tick {
  time_ms: number;
  /** `14:00`, or `11-20` for days */
  label: string;
}

const MINUTE_MS = 60_000;

/** The times from `from_ms` to before `to_ms` that are as near to each other as `at_most` of them allow. */
export function ticks(from_ms: number, to_ms: number, at_most: number): Tick[] {
  const times = roundTimes(from_ms, to_ms, at_most);
  const isDays = times.every(time => timeDay(time).getTime() === time.getTime());
  return times.map(time => ({
    time_ms: time.getTime(),
    label: isDays ? monthDay(time) : dayTime(time),
  }));
}

/** d3 takes a number as a hint, and finds up to three times as many. */
function roundTimes(from_ms: number, to_ms: number, at_most: number): Date[] {
  for (let wanted = at_most; wanted > 0; wanted--) {
    const all = timeTicks(new Date(from_ms), new Date(to_ms - 1), wanted);
    // A label has no seconds.
    const times = all.filter(time => time.getTime() % MINUTE_MS === 0);
    if (times.length <= at_most || wanted === 1) return times.slice(0, at_most);
  }
  return [];
}
