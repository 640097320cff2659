import { bytesText, percentText } from '../text/amounts.js';
import { printable } from '../text/printable.js';
import { shellWord } from '../text/shell-word.js';
import { writableFilesystems } from './filesystems.js';
import { levelBelow } from './level.js';
import type { Rule } from './rule.js';
import { partSubject } from './subjects.js';

/** Space that an ordinary user may still use. */
export const diskSpace: Rule = {
  name: 'disk_space',
  evaluate(history, _now_ms, { thresholds, detection }) {
    const filesystems = writableFilesystems(history);
    if (filesystems === null) return null;
    return filesystems.flatMap(({ sample }) => {
      const free_percent = (sample.available_bytes / sample.total_bytes) * 100;
      const { severity, holds, threshold } = levelBelow(
        free_percent,
        { warning: thresholds.disk_min_free_percent, critical: thresholds.disk_critical_free_percent },
        1,
      );
      if (!holds) return [];
      const mount = printable(sample.mount, 120);
      return {
        key: sample.mount,
        severity,
        holds,
        for_ms: detection.disk_space.duration_s * 1000,
        clear_ms: 30_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${mount} is nearly full`,
        text: `${bytesText(sample.available_bytes)} of ${bytesText(sample.total_bytes)} are free, ${percentText(free_percent)} (threshold ${percentText(threshold)}).`,
        suggestion: `Find what is large: \`du -xh ${shellWord(sample.mount)} | sort -h | tail\`. Build caches, old logs and container images are good candidates.`,
        numbers: {
          free_percent,
          threshold_percent: threshold,
          available_bytes: sample.available_bytes,
          total_bytes: sample.total_bytes,
        },
      };
    });
  },
};
