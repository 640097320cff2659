import { z } from 'zod';
import { bytesText, durationText } from '../../../lib/text/amounts.js';
import type { Severity } from '../../../model/alert.js';
import type { History } from '../../engine/history.js';
import { ownMemory, type ProcessTrack, spacingOf } from '../../engine/process-track.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { minutes, seconds } from '../../engine/settings.js';
import { isBusyByNature } from '../../processes/exemptions.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { isGuest } from '../../processes/memory-ceilings.js';
import { type Growth, steadyGrowth, steadyTrend } from '../../statistics/growth.js';
import { processName, programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { FULL_SHARE, memoryFullSoon } from './memory-full-soon.js';

const MB = 1024 * 1024;

/** The last memory of the machine goes within so long: worse than a leak. */
const HIGH_BELOW_MS = 1_800_000;
const CRITICAL_BELOW_MS = 300_000;
const SUDDEN_BELOW_MS = 1_200_000;

/** A fast leak rises in at least so many steps; one jump is a file that was read. */
const STEPS = 4;

/** A slow one lies on a line, and grows by a noticeable part of what it was. */
const MIN_R2 = 0.9;
const MIN_SHARE = 0.1;

/**
 * Anonymous memory that only grows. Never the address space: a healthy agent has 75 GB of that. Fast: more
 * than so much within some minutes; slow: a straight line over an hour. Compilers and browsers grow by nature.
 */
export const memoryLeak = defineRule({
  id: 'memory_leak',
  about: 'A process whose memory only grows.',
  keys: {
    growth_threshold_mb: z
      .int()
      .min(1)
      .max(1_048_576)
      .default(500)
      .describe('More than this within the window.'),
    window_minutes: minutes(5, 'The window.'),
    warmup_s: seconds(60, 'What a process takes in its first seconds is no leak.'),
    slope_window_minutes: minutes(60, 'The longer window, for slow leaks; half of it must be known.'),
    slope_min_mb_per_hour: z
      .number()
      .min(1)
      .max(1_048_576)
      .default(100)
      .describe('A steady rise of more than this is a slow leak.'),
  },
  figures: ({ growth_threshold_mb, window_minutes, slope_window_minutes, slope_min_mb_per_hour }) => ({
    fires: `a process took > ${growth_threshold_mb} MB in ${window_minutes} min, or takes > ${slope_min_mb_per_hour} MB an hour for ${slope_window_minutes / 2} min or more`,
    lasts_s: 0,
    ends: 'less than half of that',
    clear_s: 120,
    severity: 'warning; high when the machine’s memory lasts ≤ 30 min, critical ≤ 5 min',
  }),
  check(history, now_ms, settings, settingsOf) {
    const allowSudden = settingsOf(memoryFullSoon).enabled;
    const leaks = new Map<ProcessTrack, Leak>();
    for (const track of history.watched) {
      if (track.memory === null || isBusyByNature(history, track) || isGuest(track)) continue;
      const leak = fast(history, track, now_ms, settings, allowSudden) ?? slow(track, now_ms, settings);
      if (leak !== null) leaks.set(track, leak);
    }
    return groupBy(leaks.keys(), programKey, track => leaks.get(track)!.gained).map(({ key, tracks }) =>
      candidate(
        history,
        key,
        tracks,
        tracks.map(track => leaks.get(track)!),
      ),
    );
  },
  sees_again_ms({ window_minutes, slope_window_minutes }, { numbers }) {
    if (numbers.r2 === undefined) return window_minutes * 60_000;
    const window_ms = slope_window_minutes * 60_000;
    return window_ms / 2 + spacingOf(window_ms);
  },
  windows: ({ window_minutes, slope_window_minutes }) => ({
    memory_ms: window_minutes * 60_000,
    memory_long_ms: slope_window_minutes * 60_000,
  }),
});

type Leak = Growth & { threshold_bytes: number; r2?: number; bad: boolean };
type LeakSettings = Parameters<typeof memoryLeak.figures>[0];

function fast(
  history: History,
  track: ProcessTrack,
  now_ms: number,
  settings: LeakSettings,
  allowSudden: boolean,
): Leak | null {
  const threshold_bytes = settings.growth_threshold_mb * MB;
  // A window that is too short for its steps is common for most processes: look at the ends first.
  if ((ownMemory(track.sample) ?? 0) < threshold_bytes / 2) return null;
  const window_ms = settings.window_minutes * 60_000;
  const begin_ms = Math.max(now_ms - window_ms, track.sample.started_ms + settings.warmup_s * 1000);
  const growth = steadyGrowth(track.memory!.since(begin_ms), STEPS);
  if (growth === null || growth.gained < threshold_bytes / 2) return null;
  const bad = growth.gained > threshold_bytes;
  return { ...growth, threshold_bytes, bad: bad && !(allowSudden && isSudden(history, growth)) };
}

/**
 * So fast that nobody can tell yet whether it is about to stop, as a test does: `memory_full_soon` speaks when the
 * machine has no room for doubt.
 */
function isSudden({ snapshot }: History, { gained, over_ms }: Growth): boolean {
  const { memory } = snapshot.host;
  if (memory === null || memory.used_bytes >= memory.total_bytes * FULL_SHARE) return false;
  return memory.available_bytes / (gained / over_ms) < SUDDEN_BELOW_MS;
}

function slow(track: ProcessTrack, now_ms: number, settings: LeakSettings): Leak | null {
  const window_ms = settings.slope_window_minutes * 60_000;
  if (now_ms - track.seen_since_ms < window_ms / 2 || track.memory_long === null) return null;
  const begin_ms = Math.max(now_ms - window_ms, track.sample.started_ms + settings.warmup_s * 1000);
  const trend = steadyTrend(track.memory_long.since(begin_ms), window_ms / 2, MIN_R2);
  if (trend === null) return null;
  const per_hour = trend.slope_per_s * 3600;
  const threshold_bytes = settings.slope_min_mb_per_hour * MB;
  const before = (ownMemory(track.sample) ?? 0) - trend.gained;
  if (trend.gained < before * MIN_SHARE || per_hour < threshold_bytes / 2) return null;
  return { ...trend, threshold_bytes, bad: per_hour > threshold_bytes };
}

/** Of one program: usually one process, of which the first is the worst. */
function candidate(history: History, key: string, tracks: ProcessTrack[], leaks: Leak[]): Candidate {
  const { over_ms, threshold_bytes, r2 } = leaks[0]!;
  const sum = (figure: (leak: Leak, index: number) => number) =>
    leaks.reduce((total, leak, index) => total + figure(leak, index), 0);
  const gained = sum(leak => leak.gained);
  const anon_bytes = sum((_, index) => ownMemory(tracks[index]!.sample) ?? 0);
  const per_ms = sum(leak => leak.gained / leak.over_ms);
  const left_bytes = history.snapshot.host.memory?.available_bytes ?? null;
  const exhausted_ms = left_bytes === null ? null : left_bytes / per_ms;
  const line = r2 === undefined ? '' : `, in a straight line (r² ${r2.toFixed(2)})`;
  const limit = r2 === undefined ? bytesText(threshold_bytes) : `${bytesText(threshold_bytes)} an hour`;
  const end =
    exhausted_ms === null
      ? ''
      : ` At this rate the machine’s memory lasts for ${durationText(exhausted_ms)}.`;
  const one = tracks.length === 1;
  const holds = one ? 'It holds' : `${tracks.length} processes hold`;
  return {
    key,
    severity: leaks.some(leak => leak.bad) ? severityOf(exhausted_ms) : null,
    holds: true,
    for_ms: 0,
    clear_ms: 120_000,
    subject: processesSubject(history, tracks),
    title: one ? `${processName(tracks[0]!)} leaks memory` : `Several ${programName(tracks[0]!)} leak memory`,
    text: `${holds} ${bytesText(anon_bytes)} of ${one ? 'its' : 'their'} own and took ${bytesText(gained)} of that in the last ${durationText(over_ms)}${line} (threshold ${limit}${one ? '' : ' each'}).${end}`,
    suggestion: 'Restart it before it takes the rest; an agent session can be resumed.',
    numbers: {
      processes: tracks.length,
      anon_bytes,
      gained_bytes: gained,
      over_ms,
      threshold_bytes,
      bytes_per_minute: per_ms * 60_000,
      ...(exhausted_ms !== null && { exhausted_in_ms: exhausted_ms }),
      ...(r2 !== undefined && { r2 }),
    },
  };
}

function severityOf(exhausted_ms: number | null): Severity {
  if (exhausted_ms === null || exhausted_ms > HIGH_BELOW_MS) return 'warning';
  return exhausted_ms > CRITICAL_BELOW_MS ? 'high' : 'critical';
}
