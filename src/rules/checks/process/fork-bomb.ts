import { z } from 'zod';
import { processKey } from '../../../lib/process/identity.js';
import { counted, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { Severity } from '../../../model/alert.js';
import type { History } from '../../engine/history.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { type Group, groupBy } from '../../processes/groups.js';
import { processName, programName, sessionName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/** Processes of this age were made just now. */
const YOUNG_MS = 10_000;
/** More than half of all that there can be: soon nobody can start anything. */
const SHARE_CRITICAL = 50;
/** So many of them want to run for each core: nobody else does anything any more. */
const RUNNING_CRITICAL = 50;
/** Young ones that do nothing are a crowd of workers, unless so many of them run for each core. */
const RUNNING_EACH = 8;
const RUNNING_LEAST = 50;

interface Crowd {
  /** Those that are young or run, oldest first. */
  tracks: ProcessTrack[];
  all: number;
  young: number;
  running: number;
  /** Percent of what its control group, or the machine, can hold; null: not known. */
  share: number | null;
  limited_by: string | null;
}

/**
 * Processes of one user, agent session and control group that multiply. What makes many that end soon (a build, an
 * installation) is no trouble: only those that live count, and only where they are made fast, want to run or use up
 * what a limit leaves.
 */
export const forkBomb = defineRule({
  id: 'fork_bomb',
  about: 'Processes that multiply.',
  keys: {
    duration_s: lasting(1),
    min_processes: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(300)
      .describe(
        'So many of one user, agent session and control group that came within 10 s or want to run. Builds do not count.',
      ),
    min_forks_per_s: z
      .number()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe(
        'Those that came within 10 s are told while the machine makes this many processes and threads a second, while some of them run for each core, or while they are half of what a limit allows.',
      ),
  },
  figures: ({ min_processes, min_forks_per_s, duration_s }) => ({
    fires: `≥ ${min_processes} processes of a user and control group want to run, or came within 10 s and are still being made (≥ ${min_forks_per_s} a second)`,
    lasts_s: duration_s,
    ends: `fewer than ${min_processes} are there, or hardly any wants to run`,
    clear_s: 10,
    severity: 'high; critical from 50 for each core on, or at half of a limit',
  }),
  check(history, now_ms, { min_processes, min_forks_per_s, duration_s }) {
    const { tasks, cores } = history.snapshot.host;
    const forks_per_s = tasks?.forks_per_s ?? null;
    return crowds(history)
      .filter(({ tracks }) => tracks.length >= min_processes * 0.5)
      .flatMap(group => {
        const crowd = crowdOf(history, group, now_ms);
        const { all, young, running, share } = crowd;
        const goesOn =
          running >= Math.max(RUNNING_LEAST, RUNNING_EACH * cores) ||
          (forks_per_s ?? 0) >= min_forks_per_s ||
          (share ?? 0) >= SHARE_CRITICAL;
        const bad = running >= min_processes || (young >= min_processes && goesOn);
        const holds = bad || (all >= min_processes && running >= RUNNING_LEAST);
        if (!holds) return [];
        const critical = (share ?? 0) >= SHARE_CRITICAL || running >= RUNNING_CRITICAL * cores;
        const severity: Severity | null = bad ? (critical ? 'critical' : 'high') : null;
        const oldest = crowd.tracks[0]!;
        const name = mostFrequent(crowd.tracks);
        const { session, uid, cgroup } = oldest.sample;
        return {
          key: group.key,
          severity,
          holds,
          for_ms: duration_s * 1000,
          clear_ms: 10_000,
          subject: processesSubject(
            history,
            crowd.tracks,
            `${counted(all, 'process', 'processes')} of ${name}`,
          ),
          title: `Fork bomb: ${name}, ${counted(all, 'process', 'processes')}`,
          text: [
            `${counted(young, 'process', 'processes')} of uid ${uid} came within ${YOUNG_MS / 1000} s and ${running === 1 ? '1 runs' : `${running} run`} (threshold ${min_processes})${rate(forks_per_s)}.`,
            `The oldest is ${processName(oldest)}.`,
            ...(cgroup === null || cgroup === '/' ? [] : [`All are in ${printable(cgroup, 120)}.`]),
            ...(session === null ? [] : [`They come from ${sessionName(session)}.`]),
            ...(share === null || share < 10
              ? []
              : [`That is ${percentText(share)} of what ${crowd.limited_by} can hold.`]),
          ].join(' '),
          suggestion:
            'Freeze and end all of them in one step: ending single ones only makes room for new ones.',
          numbers: {
            processes: all,
            young,
            running,
            threshold: min_processes,
            ...(forks_per_s !== null && { forks_per_s: Math.round(forks_per_s) }),
            ...(share !== null && { limit_percent: Math.round(share) }),
          },
        };
      });
  },
});

function rate(forks_per_s: number | null): string {
  return forks_per_s === null ? '' : `; the machine makes ${Math.round(forks_per_s)} a second`;
}

/** Builds run as many as they are told to; what is dead multiplies no more. */
function crowds(history: History): Group[] {
  return groupBy(
    history.watched,
    ({ sample: { uid, session, cgroup, state }, features }) =>
      state === 'Z' || state === 'X' || features.build
        ? null
        : `${uid}:${session === null ? '-' : processKey(session)}:${cgroup ?? '-'}`,
    ({ sample }) => -sample.start_ticks,
  );
}

function crowdOf(history: History, { tracks }: Group, now_ms: number): Crowd {
  const young = tracks.filter(({ sample }) => now_ms - sample.started_ms < YOUNG_MS);
  const running = tracks.filter(({ sample }) => sample.state === 'R');
  const involved = new Set([...young, ...running]);
  return {
    tracks: tracks.filter(track => involved.has(track)),
    all: tracks.length,
    young: young.length,
    running: running.length,
    ...limitOf(history, tracks),
  };
}

/** The tightest of the limits on the number of tasks that the group is under. */
function limitOf(history: History, tracks: readonly ProcessTrack[]): Pick<Crowd, 'share' | 'limited_by'> {
  const { tasks, cgroups } = history.snapshot.host;
  const own = tracks[0]!.sample.cgroup;
  let tightest: Pick<Crowd, 'share' | 'limited_by'> =
    tasks === null || tasks.limit === null
      ? { share: null, limited_by: null }
      : { share: (tasks.total / tasks.limit) * 100, limited_by: 'the machine' };
  for (const { path, pids_limit } of cgroups) {
    if (own === null || pids_limit === null || pids_limit <= 0) continue;
    if (own !== path && !own.startsWith(`${path}/`)) continue;
    // Counted here: what the collector has is half a minute old.
    const share = (tracks.length / pids_limit) * 100;
    if (share > (tightest.share ?? 0)) tightest = { share, limited_by: printable(path, 120) };
  }
  return tightest;
}

function mostFrequent(tracks: readonly ProcessTrack[]): string {
  const programs = groupBy(
    tracks,
    ({ features }) => features.program,
    () => 0,
  );
  const largest = programs.reduce((a, b) => (b.tracks.length > a.tracks.length ? b : a));
  return programName(largest.tracks[0]!);
}
