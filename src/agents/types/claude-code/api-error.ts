import type { TranscriptPhase } from '../../../model/observation.js';
import { text } from '../../transcripts/jsonl.js';

/**
 * What Claude Code writes where a turn ended in an error of its API: an assistant line with `isApiErrorMessage`, the words
 * that it shows, and since 2.1 also `error` (`rate_limit`, `authentication_failed`, `billing_error`, `server_error`, …) and
 * `apiErrorStatus`. As written by 2.1.197 and 2.1.332.
 */

export type ApiFailure = Extract<TranscriptPhase, 'limit' | 'auth' | 'error'>;

export function isFailure(phase: TranscriptPhase | null): phase is ApiFailure {
  return phase === 'limit' || phase === 'auth' || phase === 'error';
}

const KINDS: Record<string, ApiFailure> = {
  ...{ rate_limit: 'limit', billing_error: 'limit' },
  ...{ authentication_failed: 'auth', oauth_org_not_allowed: 'auth' },
};
const LIMIT =
  /usage limit|limit reached|hit your .*limit|credit balance|rate limit|out of (extra )?usage|quota/i;
const AUTH =
  /\/login|invalid api key|invalid authentication|not logged in|token (has )?(expired|been revoked)/i;

/** Which of them it is, by the name of the error, its status, and last by the words. */
export function apiFailure(line: Record<string, unknown>, words: string): ApiFailure {
  const named = KINDS[text(line.error) ?? ''];
  if (named !== undefined) return named;
  const { apiErrorStatus: status } = line;
  if (status === 401 || AUTH.test(words)) return 'auth';
  if (status === 402 || status === 429 || LIMIT.test(words)) return 'limit';
  return 'error';
}

const DAY_MS = 24 * 3_600_000;
const CLOCK =
  /resets (?:at )?(?:([A-Z][a-z]{2}) (\d{1,2})(?:,| at)? )?(\d{1,2})(?::(\d\d))? ?(am|pm)(?: \(([\w/+-]{1,40})\))?/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * When the quota is there again, ms since the epoch: `Claude AI usage limit reached|1749924000`, or
 * `You've hit your limit · resets 3:34am (Europe/Berlin)`, `resets Oct 9, 5pm (UTC)`: the next such moment after `at_ms`.
 * Null: it does not say.
 */
export function resetTime(words: string, at_ms: number): number | null {
  const epoch_s = /\|(\d{9,11})\b/.exec(words);
  if (epoch_s !== null) return Number(epoch_s[1]) * 1000;
  const [found, month, day, hour, minute = '0', half, zone] = CLOCK.exec(words) ?? [];
  if (found === undefined) return null;
  const hours = (Number(hour) % 12) + (half === 'pm' ? 12 : 0);
  const date = wallClock(at_ms, zone);
  const year = date.getUTCFullYear();
  const on =
    month === undefined || day === undefined
      ? [year, date.getUTCMonth(), date.getUTCDate()]
      : [year, MONTHS.indexOf(month), Number(day)];
  const [y = year, m = 0, d = 1] = on;
  const named = Date.UTC(y, m, d, hours, Number(minute));
  const later = month === undefined ? named + DAY_MS : Date.UTC(y + 1, m, d, hours, Number(minute));
  const wall_ms = named < date.getTime() - 60_000 ? later : named;
  const offset_ms = date.getTime() - at_ms;
  return wall_ms - (wallClock(wall_ms - offset_ms, zone).getTime() - (wall_ms - offset_ms));
}

/** What a clock on the wall shows there, as if it were UTC. An unknown zone: this machine's. */
function wallClock(at_ms: number, zone: string | undefined): Date {
  const options = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  } as const;
  const format = formatIn(zone, { ...options, second: 'numeric', hourCycle: 'h23' });
  const part = Object.fromEntries(
    format.formatToParts(at_ms).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second) + (at_ms % 1000));
}

function formatIn(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...options,
      ...(zone === undefined ? {} : { timeZone: zone }),
    });
  } catch {
    return new Intl.DateTimeFormat('en-US', options);
  }
}
