import { percentText } from '../text/amounts.js';
import { printable } from '../text/printable.js';
import { shellWord } from '../text/shell-word.js';
import { writableFilesystems } from './filesystems.js';
import { levelBelow } from './level.js';
import type { Rule } from './rule.js';
import { partSubject } from './subjects.js';

/** Inodes: files that can still be made, whatever space is left. Many small files (node_modules) use them up. */
export const inodes: Rule = {
  name: 'inodes',
  evaluate(history, _now_ms, { thresholds, detection }) {
    const filesystems = writableFilesystems(history);
    if (filesystems === null) return null;
    return filesystems.flatMap(({ sample }) => {
      if (sample.inodes_total === null || sample.inodes_free === null || sample.inodes_total <= 0) return [];
      const free_percent = (sample.inodes_free / sample.inodes_total) * 100;
      const limit = thresholds.inodes_min_free_percent;
      const { severity, holds, threshold } = levelBelow(
        free_percent,
        { warning: limit, critical: limit / 2 },
        1,
      );
      if (!holds) return [];
      const mount = printable(sample.mount, 120);
      return {
        key: sample.mount,
        severity,
        holds,
        for_ms: detection.inodes.duration_s * 1000,
        clear_ms: 30_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${mount} runs out of inodes`,
        text: `${sample.inodes_free} more files can be made, ${percentText(free_percent)} (threshold ${percentText(threshold)}), however much space is free.`,
        suggestion: `Find where the files are: \`du --inodes -x ${shellWord(sample.mount)} | sort -n | tail\`.`,
        numbers: {
          free_percent,
          threshold_percent: threshold,
          inodes_free: sample.inodes_free,
          inodes_total: sample.inodes_total,
        },
      };
    });
  },
};
