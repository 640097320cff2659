const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const HOUR_MS = 3_600_000;
/** Within these the hour alone says which day. */
const SAME_DAY_MS = 20 * HOUR_MS;
const SAME_WEEK_MS = 6 * 24 * HOUR_MS;

/** A time to come as people say it, local: `15:40`, `Tue 15:40`, `5 Dec 15:40`. Both in ms since the epoch. */
export function clockWords(at_ms: number, now_ms: number): string {
  const at = new Date(at_ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const hour = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at_ms - now_ms < SAME_DAY_MS) return hour;
  const day = at_ms - now_ms < SAME_WEEK_MS ? DAYS[at.getDay()] : `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  return `${day} ${hour}`;
}

/** ` until 15:40`; nothing when that is over, or not known. */
export function untilWords(at_ms: number | null, now_ms: number): string {
  return at_ms === null || Number.isNaN(at_ms) || at_ms <= now_ms
    ? ''
    : ` until ${clockWords(at_ms, now_ms)}`;
}
