import { durationText } from '../text/amounts.js';
import { processKey } from './groups.js';
import { steadyGrowth } from './growth.js';
import { isBusyByNature } from './guards.js';
import { processName } from './names.js';
import type { Rule } from './rule.js';
import { processSubject } from './subjects.js';

/** Of most processes the number is read once a minute. */
const STEPS = 3;

/** Open files that only grow in number, step by step. At its limit a program can open nothing any more. */
export const fdLeak: Rule = {
  name: 'fd_leak',
  evaluate(history, now_ms, { detection }) {
    const { growth_threshold, window_minutes } = detection.fd_leak;
    return history.watched.flatMap(track => {
      const fds = track.sample.fds ?? 0;
      if (track.fds === null || fds < growth_threshold / 2 || isBusyByNature(track)) return [];
      const growth = steadyGrowth(track.fds.since(now_ms - window_minutes * 60_000), STEPS);
      if (growth === null || growth.gained < growth_threshold / 2) return [];
      return {
        key: processKey(track),
        severity: growth.gained > growth_threshold ? ('warning' as const) : null,
        holds: true,
        for_ms: 0,
        clear_ms: 120_000,
        subject: processSubject(history, track),
        title: `${processName(track)} leaks file descriptors`,
        text: `It has ${fds} open, ${growth.gained} more than ${durationText(growth.over_ms)} ago (threshold ${growth_threshold}).`,
        suggestion: `See what they are: \`ls -l /proc/${track.sample.pid}/fd | tail\`; restart it before it reaches its limit.`,
        numbers: { fds, gained: growth.gained, over_ms: growth.over_ms, threshold: growth_threshold },
      };
    });
  },
};
