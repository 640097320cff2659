import { processKey } from '../../../lib/process/identity.js';
import { bytesText, durationText, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { Severity } from '../../../model/alert.js';
import type { History } from '../../engine/history.js';
import type { Fall, Pool } from '../../engine/memory-pools.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { minutes } from '../../engine/settings.js';
import { groupBy, programKey, trackKey } from '../../processes/groups.js';
import { roomOf, takesMuchForAWhile } from '../../processes/memory-ceilings.js';
import { processName, programName, sessionName } from '../../wording/labels.js';
import { hostSubject, partSubject, processesSubject } from '../../wording/subjects.js';

const MB = 1024 * 1024;

/** Below it a program that takes much may be about to stop; above it there is no room for doubt. */
export const FULL_SHARE = 0.65;
/** And yet it is told so long before the end, in time for somebody to act … */
const EARLY_MS = 25_000;
/** … unless the whole rise takes no longer than that: programs start like this below small limits. */
const LEAST_TIME_MS = 20_000;
/** Builds may take more, and for longer. */
const BUILD_SHARE = 0.72;
const BUILD_MS = 120_000;

/** It has risen for so long. */
const LEAST_RISE_MS = 1_900;
/** It took so much of the whole, or of what was left when it began. */
const TAKEN_SHARE = 0.1;
const TAKEN_OF_LEFT = 1 / 3;
/** Who is named took so much of what went; so much where an alert is open. */
const MAIN_SHARE = 0.5;
const STILL_MAIN_SHARE = 0.3;
/** A limit of its own stops it before it has taken this part of what is left. */
const STOPS_BEFORE = 0.9;

const HIGH_BELOW_MS = 120_000;
const CRITICAL_BELOW_MS = 30_000;
const CLEAR_MS = 5_000;

/** Who takes it: processes that belong together, files in memory, or nobody in particular. */
interface Taker {
  key: string;
  tracks: ProcessTrack[];
  name: string;
  share: number;
}

/**
 * Memory that will be used up: of the machine, or of a control group with a limit. What is left divided by the pace at
 * which it goes says when; who took most of what went is named. Docs: specs/052-rules.md, "Time to exhaustion".
 */
export const memoryFullSoon = defineRule({
  id: 'memory_full_soon',
  about: 'Memory that will be used up, as its pace says.',
  keys: {
    within_minutes: minutes(
      10,
      'How soon, once two thirds are in use; before that it is said in the last moment only.',
    ),
  },
  figures: ({ within_minutes }) => ({
    fires: `the memory, or that below a limit, will be used up within ${within_minutes} min, by its pace, and two thirds are in use; within 25 s in any case`,
    lasts_s: 0,
    ends: 'it goes on no longer',
    clear_s: 5,
    severity: 'warning; high within 2 min, critical within 30 s; high when less than two thirds are in use',
  }),
  check(history, now_ms, { within_minutes }) {
    const within_ms = within_minutes * 60_000;
    if (history.snapshot.host.memory === null) return null;
    const found = new Map<string, Candidate>();
    for (const { pool, fall } of history.pools.falling(now_ms)) {
      if (fall.ends_in_ms > 2 * within_ms) continue;
      const taker = takerOf(history, pool, fall);
      const candidate = taker && candidateOf(history, now_ms, pool, fall, taker, within_ms);
      // Soonest first: a process may be below two limits.
      if (candidate && !found.has(candidate.key)) found.set(candidate.key, candidate);
    }
    return [...found.values()];
  },
});

/** The narrowest group that took the most of what went. */
function takerOf(history: History, pool: Pool, fall: Fall): Taker | null {
  const grown = new Map<ProcessTrack, number>();
  for (const track of history.watched) {
    if (pool.pids !== null && !pool.pids.has(track.sample.pid)) continue;
    const bytes = track.grownSince(fall.since_ms);
    if (bytes > fall.bytes / 1_000) grown.set(track, bytes);
  }
  const weigh = (track: ProcessTrack) => grown.get(track)!;
  const ways: [(track: ProcessTrack) => string | null, (tracks: ProcessTrack[]) => string][] = [
    [trackKey, ([first]) => processName(first!)],
    [programKey, ([first]) => programName(first!)],
    [
      ({ sample }) => sample.session && `session ${processKey(sample.session)}`,
      ([first]) => sessionName(first!.sample.session!),
    ],
    [
      ({ sample: { cgroup } }) => (cgroup === null || cgroup === '/' ? null : `cgroup ${cgroup}`),
      ([first]) => `the control group ${printable(first!.sample.cgroup!, 80)}`,
    ],
  ];
  let most: Taker | null = null;
  for (const [keyOf, nameOf] of ways) {
    for (const { key, tracks } of groupBy(grown.keys(), keyOf, weigh)) {
      const share = tracks.reduce((sum, track) => sum + weigh(track), 0) / fall.bytes;
      if (share > (most?.share ?? STILL_MAIN_SHARE)) most = { key, tracks, name: nameOf(tracks), share };
    }
    if (most === null || most.share < MAIN_SHARE) continue;
    const { key } = most;
    if (keyOf !== programKey) return most;
    // Each of a crowd that comes is as much a part of it as those that came last.
    const all = history.watched.filter(track => programKey(track) === key);
    return { ...most, tracks: all.sort((a, b) => b.held_bytes - a.held_bytes) };
  }
  if (fall.shmem_bytes / fall.bytes >= MAIN_SHARE)
    return { key: 'files', tracks: [], name: 'Files in memory (tmpfs)', share: 1 };
  if (most !== null) return most;
  return { key: pool.path ?? 'host', tracks: [], name: '', share: 1 };
}

function candidateOf(
  history: History,
  now_ms: number,
  pool: Pool,
  fall: Fall,
  taker: Taker,
  within_ms: number,
): Candidate {
  const { tracks } = taker;
  const held_bytes = tracks.reduce((sum, track) => sum + track.held_bytes, 0);
  const followed = tracks.flatMap(({ climb }) => climb ?? []);
  // Of a crowd of small processes the whole says more than each of them.
  const climbs = followed.length * 2 > tracks.length ? followed : [fall.climb];
  const gained_bytes = climbs.reduce((sum, climb) => sum + climb.gained_bytes, 0);
  const risen_ms = now_ms - Math.min(fall.since_ms, ...climbs.map(({ since_ms }) => since_ms));
  const early = pool.used_share < FULL_SHARE;
  const sure =
    taker.share >= MAIN_SHARE &&
    risen_ms >= LEAST_RISE_MS &&
    gained_bytes >=
      Math.min(pool.total_bytes * TAKEN_SHARE, (pool.left_bytes + gained_bytes) * TAKEN_OF_LEFT) &&
    !stopsBefore(tracks, pool);
  const told =
    sure &&
    (early ? isEarly(history, tracks, fall, risen_ms) : isLate(history, tracks, pool, fall, within_ms));
  return {
    key: `${taker.key}${early ? ' early' : ''}`,
    exact_key: true,
    severity: told ? severityOf(early, fall.ends_in_ms) : null,
    holds: true,
    for_ms: 0,
    clear_ms: CLEAR_MS,
    ...words(history, pool, fall, taker, early, held_bytes),
    instead_of: [
      ...new Set([
        ...tracks.map(track => ({ rule: 'memory_leak', key: programKey(track) })),
        ...(early ? [] : [{ rule: 'memory_full_soon', key: `${taker.key} early` }]),
      ]),
    ],
  };
}

/** The last moment at which who is named can still be stopped, though nothing but its pace speaks against it. */
function isEarly(history: History, tracks: readonly ProcessTrack[], fall: Fall, risen_ms: number): boolean {
  return (
    tracks.length > 0 &&
    fall.ends_in_ms <= EARLY_MS &&
    fall.ends_in_ms + risen_ms >= LEAST_TIME_MS &&
    !areBuilds(history, tracks)
  );
}

function isLate(
  history: History,
  tracks: readonly ProcessTrack[],
  { used_share }: Pool,
  { ends_in_ms }: Fall,
  within_ms: number,
): boolean {
  if (!areBuilds(history, tracks)) return ends_in_ms <= within_ms;
  return used_share >= BUILD_SHARE && ends_in_ms <= BUILD_MS;
}

/** The first is the one that took most. */
function areBuilds(history: History, tracks: readonly ProcessTrack[]): boolean {
  return tracks[0] !== undefined && takesMuchForAWhile(history, tracks[0]);
}

function stopsBefore(tracks: readonly ProcessTrack[], { total_bytes, left_bytes }: Pool): boolean {
  if (tracks.length === 0) return false;
  const room = tracks.reduce((sum, track) => sum + roomOf(track, total_bytes), 0);
  return room < left_bytes * STOPS_BEFORE;
}

function severityOf(early: boolean, ends_in_ms: number): Severity {
  if (early) return 'high';
  if (ends_in_ms > HIGH_BELOW_MS) return 'warning';
  return ends_in_ms > CRITICAL_BELOW_MS ? 'high' : 'critical';
}

function words(
  history: History,
  pool: Pool,
  fall: Fall,
  { tracks, name, key }: Taker,
  early: boolean,
  held_bytes: number,
): Pick<Candidate, 'subject' | 'title' | 'text' | 'suggestion' | 'numbers'> {
  const whose = pool.path === null ? 'the memory' : `the memory limit of ${printable(pool.path, 80)}`;
  const pace = `${bytesText(fall.bytes_per_s)} a second`;
  const [first] = tracks;
  const holds =
    first === undefined
      ? ''
      : `${tracks.length === 1 ? 'It holds' : `${tracks.length} processes hold`} ${bytesText(held_bytes)}. `;
  const named = name === '' ? 'Something' : name;
  const title =
    first === undefined && key !== 'files'
      ? `${pool.path === null ? 'The memory' : `The memory limit of ${printable(pool.path, 80)}`} fills up`
      : early
        ? `${named} takes memory fast`
        : `${named} ${tracks.length > 1 || key === 'files' ? 'fill' : 'fills'} ${whose}`;
  return {
    subject:
      first !== undefined
        ? processesSubject(history, tracks, tracks.length === 1 ? undefined : name)
        : pool.path === null
          ? hostSubject()
          : partSubject('cgroup', pool.path),
    title,
    text: `${holds}${bytesText(pool.left_bytes)} of ${bytesText(pool.total_bytes)} are left of ${whose}, and ${pace} go: in ${durationText(fall.ends_in_ms)} nothing is left if it goes on.${filesText(history, key)}`,
    suggestion: `Pause it (kill -STOP) or end it now, unless it is about to stop by itself: ${percentText(pool.used_share * 100)} is in use.`,
    numbers: {
      processes: tracks.length,
      held_bytes,
      bytes_per_s: fall.bytes_per_s,
      left_bytes: pool.left_bytes,
      total_bytes: pool.total_bytes,
      exhausted_in_ms: fall.ends_in_ms,
    },
  };
}

/** Nobody's memory says who wrote them. */
function filesText(history: History, key: string): string {
  if (key !== 'files') return '';
  const [largest] = history.snapshot.host.filesystems
    .filter(({ type }) => type === 'tmpfs')
    .map(({ mount, total_bytes, available_bytes }) => ({ mount, used_bytes: total_bytes - available_bytes }))
    .sort((a, b) => b.used_bytes - a.used_bytes);
  return largest === undefined || largest.used_bytes < MB
    ? ''
    : ` Most is in ${printable(largest.mount, 80)} (${bytesText(largest.used_bytes)}).`;
}
