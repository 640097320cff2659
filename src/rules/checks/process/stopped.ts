import { counted, durationText } from '../../../lib/text/amounts.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { isJobOfPrompt } from '../../processes/exemptions.js';
import { groupBy, programKey, totalRss } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/**
 * Stopped by a signal (state T), not by a debugger (t), and not put aside with Ctrl-Z at a prompt that still
 * runs: that is where it can be taken up again.
 */
export const stopped = defineRule({
  id: 'stopped',
  about: 'A stopped process (state T) that nobody put aside at a terminal.',
  keys: {
    duration_s: lasting(30),
  },
  figures: ({ duration_s }) => ({
    fires: 'a process is in state T, put aside by nobody',
    lasts_s: duration_s,
    ends: 'it goes on, or is gone',
    clear_s: 10,
    severity: 'warning',
  }),
  check(history, now_ms, { duration_s }) {
    const duration_ms = duration_s * 1000;
    const suspects = history.watched.filter(
      track =>
        track.sample.state === 'T' &&
        now_ms - track.state_since_ms >= duration_ms &&
        !isJobOfPrompt(history, track.sample),
    );
    return groupBy(suspects, programKey, track => -track.state_since_ms).map(({ key, tracks }) => {
      const held_ms = now_ms - tracks[0]!.state_since_ms;
      const first = tracks[0]!;
      const rss_bytes = totalRss(tracks);
      return {
        key,
        severity: 'warning',
        holds: true,
        for_ms: 0,
        clear_ms: 10_000,
        subject: processesSubject(history, tracks),
        title: `${programName(first)} is stopped`,
        text: `${counted(tracks.length, 'process', 'processes')} in state T, the longest for ${durationText(held_ms)} (threshold ${durationText(duration_ms)}). Whoever waits for it waits on.`,
        suggestion: `Let it go on with \`kill -CONT ${first.sample.pid}\`, or end it.`,
        numbers: { processes: tracks.length, held_ms, threshold_ms: duration_ms, rss_bytes },
      };
    });
  },
  sees_again_ms: ({ duration_s }) => duration_s * 1000,
});
