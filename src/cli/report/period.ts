import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { UsageError } from '../command.js';

/** How far back a report goes: `90m`, `24h`, `7d`, `2w`. */

const UNIT_S = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof UNIT_S;

const LEAST_S = 60;
const MOST_S = 366 * 86_400;

/** In seconds. @throws UsageError that says what is wrong with it */
export function parsePeriod(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([mhdw])$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `--since takes a number with m, h, d or w, as 90m, 24h or 7d, not "${printable(text, 40)}"`,
    );
  }
  const period_s = Number(match[1]) * UNIT_S[match[2] as Unit];
  if (period_s < LEAST_S || period_s > MOST_S) {
    throw new UsageError(`--since is at least 1m and at most 366d, not ${text}`);
  }
  return period_s;
}

/** `90 minutes`, `24 hours`, `7 days` */
export function periodText(period_s: number): string {
  const [size, word] =
    period_s >= 2 * UNIT_S.d && period_s % UNIT_S.d === 0
      ? [UNIT_S.d, 'day']
      : period_s >= 2 * UNIT_S.h && period_s % UNIT_S.h === 0
        ? [UNIT_S.h, 'hour']
        : [UNIT_S.m, 'minute'];
  const count = Number((period_s / size).toFixed(1));
  return counted(count, word);
}
