import { z } from 'zod';
import { bytesText, durationText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { rounded } from '../../engine/figures.js';
import { SPACE_SPACING_MS } from '../../engine/history.js';
import { defineRule } from '../../engine/rule.js';
import { fitLine } from '../../statistics/regression.js';
import { partSubject } from '../../wording/subjects.js';
import { restartAdvice, topOfFilesystem } from '../../wording/top-consumers.js';
import { diskSpace } from './disk-space.js';
import { writableFilesystems } from './filesystems.js';

/** An hour of a steady trend, straight as this, and no slower of late; else a build looks like a full disk. */
const MIN_SPAN_MS = 3_600_000;
const MIN_R2 = 0.9;
const WINDOW_MS = 7_200_000;
/** With more than half of it free there is time to look again tomorrow. */
const ONLY_BELOW_FREE = 0.5;

/** A straight line through the free space of the last two hours, and where it meets zero. */
export const diskFullSoon = defineRule({
  id: 'disk_full_soon',
  about: 'A filesystem that will be full soon, as its trend says.',
  keys: {
    within_hours: z.number().min(0.1).max(720).default(24).describe('How soon.'),
  },
  figures: ({ within_hours }) => ({
    fires: `a filesystem will be full within ${within_hours} h, by its trend of an hour or more`,
    lasts_s: 60,
    ends: `not within ${rounded(within_hours * 1.2)} h`,
    clear_s: 600,
    severity: `warning; high within ${rounded(within_hours / 12)} h`,
  }),
  check(history, now_ms, { within_hours }, settingsOf) {
    const within_ms = within_hours * 3_600_000;
    const { disk_min_free_percent } = settingsOf(diskSpace);
    const filesystems = writableFilesystems(history);
    if (filesystems === null) return null;
    return filesystems.flatMap(({ sample, available }) => {
      const free = sample.available_bytes / sample.total_bytes;
      // Below that the rule for space speaks.
      if (free > ONLY_BELOW_FREE || free * 100 < disk_min_free_percent) return [];
      const points = available.since(now_ms - WINDOW_MS);
      const line = fitLine(points);
      if (line === null || line.span_ms < MIN_SPAN_MS || line.slope_per_s >= 0 || line.r2 < MIN_R2) return [];
      const late = Math.floor(points.values.length * 0.75);
      const newest = fitLine({ times_ms: points.times_ms.slice(late), values: points.values.slice(late) });
      if (newest === null || newest.slope_per_s > line.slope_per_s / 2) return [];
      const full_in_ms = (sample.available_bytes / -line.slope_per_s) * 1000;
      if (full_in_ms > within_ms * 1.2) return [];
      const mount = printable(sample.mount, 120);
      return {
        key: sample.mount,
        severity:
          full_in_ms > within_ms
            ? null
            : full_in_ms < within_ms / 12
              ? ('high' as const)
              : ('warning' as const),
        holds: true,
        for_ms: 60_000,
        clear_ms: 600_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${mount} will soon be full`,
        text: `It loses ${bytesText(-line.slope_per_s * 3600)} an hour; the ${bytesText(sample.available_bytes)} that are free will last for ${durationText(full_in_ms)} (threshold ${durationText(within_ms)}).${topOfFilesystem(history, sample)}`,
        suggestion: `${restartAdvice(history, sample)}Find what grows: \`du -xh ${shellWord(sample.mount)} | sort -h | tail\`, now and in an hour.`,
        numbers: {
          full_in_ms,
          within_ms,
          bytes_per_hour: -line.slope_per_s * 3600,
          available_bytes: sample.available_bytes,
          r2: line.r2,
        },
      };
    });
  },
  sees_again_ms: () => MIN_SPAN_MS + SPACE_SPACING_MS,
});
