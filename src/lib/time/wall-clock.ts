import { libc } from '../os/libc.js';
import { now, wallTime } from './time.js';

/** sys/timex.h: what adjtimex(2) answers where nothing keeps the clock. */
const TIME_ERROR = 5;
/** struct timex has 208 bytes. Zero modes: nothing is changed. */
const TIMEX_BYTES = 256;

/** This machine's wall clock, beside vigil's own. */
export const wallClock = {
  /** The wall clock less vigil's own. */
  ahead_ms(): number {
    const time_ms = now();
    return wallTime(time_ms) - time_ms;
  },

  /** The kernel holds it for right: NTP, or something like it, keeps it. */
  isKept(): boolean {
    const state = libc()?.adjtimex(Buffer.alloc(TIMEX_BYTES));
    return state !== undefined && state >= 0 && state !== TIME_ERROR;
  },
};
