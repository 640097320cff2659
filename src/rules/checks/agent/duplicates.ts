import { bytesText, counted, durationText } from '../../../lib/text/amounts.js';
import type { Rule } from '../../engine/rule.js';
import { totalRss } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { duplicates as duplicateGroups } from './leftovers.js';
import { strayParents } from './leftovers-text.js';

/** The same interpreter with the same script, many times over: servers that nobody ends. */
export const duplicates: Rule = {
  name: 'duplicates',
  evaluate(history, now_ms, config) {
    return duplicateGroups(history, now_ms, config).map(({ key, tracks }) => {
      const name = programName(tracks[0]!);
      const rss_bytes = totalRss(tracks);
      const oldest_ms = now_ms - Math.min(...tracks.map(({ sample }) => sample.started_ms));
      const limit = config.thresholds.max_duplicate_processes;
      return {
        key,
        severity: 'warning' as const,
        holds: true,
        for_ms: 0,
        clear_ms: 30_000,
        subject: processesSubject(history, tracks, `${tracks.length} × ${name}`),
        title: `Many times the same: ${name}`,
        text: `${counted(tracks.length, 'process', 'processes')} (threshold ${limit}), ${bytesText(rss_bytes)} together, the oldest for ${durationText(oldest_ms)}. ${strayParents(history, tracks)}`,
        suggestion: 'One for each agent session is usual: end those that nobody uses.',
        numbers: { processes: tracks.length, threshold: limit, rss_bytes },
      };
    });
  },
};
