import { z } from 'zod';
import { durationText } from '../../../lib/text/amounts.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { defineRule } from '../../engine/rule.js';
import { minutes } from '../../engine/settings.js';
import { isBusyByNature } from '../../processes/exemptions.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { type Growth, steadyGrowth } from '../../statistics/growth.js';
import { processName, programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/** Of most processes the number is read once a minute. */
const STEPS = 3;

/** Open files that only grow in number, step by step. At its limit a program can open nothing any more. */
export const fdLeak = defineRule({
  id: 'fd_leak',
  about: 'A process whose open files only grow in number.',
  keys: {
    growth_threshold: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(500)
      .describe('More than this within the window.'),
    window_minutes: minutes(10, 'The window.'),
  },
  figures: ({ growth_threshold, window_minutes }) => ({
    fires: `a process opened > ${growth_threshold} more files in ${window_minutes} min`,
    lasts_s: 0,
    ends: 'less than half of that',
    clear_s: 120,
    severity: 'warning',
  }),
  check(history, now_ms, { growth_threshold, window_minutes }) {
    const gains = new Map<ProcessTrack, Growth>();
    for (const track of history.watched) {
      const fds = track.sample.fds ?? 0;
      if (track.fds === null || fds < growth_threshold / 2 || isBusyByNature(history, track)) continue;
      const growth = steadyGrowth(track.fds.since(now_ms - window_minutes * 60_000), STEPS);
      if (growth !== null && growth.gained >= growth_threshold / 2) gains.set(track, growth);
    }
    return groupBy(gains.keys(), programKey, track => gains.get(track)!.gained).map(({ key, tracks }) => {
      const worst = tracks[0]!;
      const { gained, over_ms } = gains.get(worst)!;
      const fds = worst.sample.fds ?? 0;
      const one = tracks.length === 1;
      return {
        key,
        severity: gained > growth_threshold ? 'warning' : null,
        holds: true,
        for_ms: 0,
        clear_ms: 120_000,
        subject: processesSubject(history, tracks),
        title: one
          ? `${processName(worst)} leaks file descriptors`
          : `Several ${programName(worst)} leak file descriptors`,
        text: `${one ? 'It' : 'The worst'} has ${fds} open, ${gained} more than ${durationText(over_ms)} ago (threshold ${growth_threshold}).`,
        suggestion: `See what they are: \`ls -l /proc/${worst.sample.pid}/fd | tail\`; restart it before it reaches its limit.`,
        numbers: { processes: tracks.length, fds, gained, over_ms, threshold: growth_threshold },
      };
    });
  },
  sees_again_ms: ({ window_minutes }) => window_minutes * 60_000,
  windows: ({ window_minutes }) => ({ fds_ms: window_minutes * 60_000 }),
});
