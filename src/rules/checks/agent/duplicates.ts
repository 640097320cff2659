import { z } from 'zod';
import { bytesText, counted, durationText } from '../../../lib/text/amounts.js';
import { timeText } from '../../engine/figures.js';
import { defineRule } from '../../engine/rule.js';
import { seconds } from '../../engine/settings.js';
import { totalRss } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { duplicates as duplicateGroups } from './leftovers.js';
import { startedBy } from './leftovers-text.js';

/** The same interpreter with the same script, many times over: servers that nobody ends. */
export const duplicates = defineRule({
  id: 'duplicates',
  about: 'The same script, many times over.',
  keys: {
    min_age_s: seconds(60, 'Younger ones do not count: tools of a build come and go.'),
  },
  thresholds: {
    max_duplicate_processes: z
      .int()
      .min(1)
      .max(100_000)
      .default(5)
      .describe('More processes than this of the same interpreter and script are too many.'),
  },
  figures: ({ max_duplicate_processes: limit, min_age_s }) => ({
    fires: `> ${limit} processes run the same script, each for ${timeText(min_age_s)} or more`,
    lasts_s: 0,
    ends: `${limit} or fewer`,
    clear_s: 30,
    severity: 'warning',
  }),
  check(history, now_ms, settings) {
    return duplicateGroups(history, now_ms, settings).map(({ key, tracks }) => {
      const name = programName(tracks[0]!);
      const rss_bytes = totalRss(tracks);
      const oldest_ms = now_ms - Math.min(...tracks.map(({ sample }) => sample.started_ms));
      const limit = settings.max_duplicate_processes;
      return {
        key,
        severity: 'warning' as const,
        holds: true,
        for_ms: 0,
        clear_ms: 30_000,
        subject: processesSubject(history, tracks, `${tracks.length} × ${name}`),
        title: `Many times the same: ${name}`,
        text: `${counted(tracks.length, 'process', 'processes')} (threshold ${limit}), ${bytesText(rss_bytes)} together, the oldest for ${durationText(oldest_ms)}. ${startedBy(history, tracks)}`,
        suggestion: 'One for each agent session is usual: end those that nobody uses.',
        numbers: { processes: tracks.length, threshold: limit, rss_bytes },
      };
    });
  },
});
