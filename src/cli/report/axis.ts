/** Round times, local, for the axis of a chart. */

export interface Tick {
  time_ms: number;
  /** `14:00`, or `11-20` for days */
  label: string;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** In minutes. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, DAY_MINUTES];
const DAY_STEPS = [1, 2, 7, 14, 28, 56];

/** The times in `from_ms`..`to_ms` that are as near to each other as `at_most` of them allow. */
export function ticks(from_ms: number, to_ms: number, at_most: number): Tick[] {
  const minutes = (to_ms - from_ms) / MINUTE_MS;
  const fits = (step: number): boolean => minutes / step <= at_most;
  const step = STEPS.find(fits);
  if (step !== undefined && step < DAY_MINUTES) return hours(from_ms, to_ms, step);
  return days(from_ms, to_ms, DAY_STEPS.find(count => fits(count * DAY_MINUTES)) ?? 112);
}

function midnight(time_ms: number): Date {
  const date = new Date(time_ms);
  date.setHours(0, 0, 0, 0);
  return date;
}

/** Counted from each midnight anew, so that a change of the clock shifts one day at most. */
function hours(from_ms: number, to_ms: number, step: number): Tick[] {
  const found: Tick[] = [];
  for (const day = midnight(from_ms); day.getTime() < to_ms; day.setDate(day.getDate() + 1)) {
    for (let minute = 0; minute < DAY_MINUTES; minute += step) {
      const date = new Date(day);
      date.setMinutes(minute);
      const time_ms = date.getTime();
      // An hour that the clock leaves out would come twice.
      if (time_ms < from_ms || time_ms >= to_ms || time_ms <= (found.at(-1)?.time_ms ?? 0)) continue;
      found.push({ time_ms, label: `${two(date.getHours())}:${two(date.getMinutes())}` });
    }
  }
  return found;
}

function days(from_ms: number, to_ms: number, step: number): Tick[] {
  const found: Tick[] = [];
  for (const day = midnight(from_ms); day.getTime() < to_ms; day.setDate(day.getDate() + step)) {
    if (day.getTime() >= from_ms) found.push({ time_ms: day.getTime(), label: dayLabel(day) });
  }
  return found;
}

function dayLabel(date: Date): string {
  return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `11-20 14:02`, local: short, and unmistakable within a year. */
export function shortTime(time_ms: number): string {
  const date = new Date(time_ms);
  if (Number.isNaN(time_ms)) return '?';
  return `${dayLabel(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
