import { percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { rounded } from '../../engine/figures.js';
import { levelBelow } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { partSubject } from '../../wording/subjects.js';
import { writableFilesystems } from './filesystems.js';

/** Inodes: files that can still be made, whatever space is left. Many small files (node_modules) use them up. */
export const inodes = levelRule({
  id: 'inodes',
  about: 'Free inodes of filesystems.',
  duration_s: 10,
  thresholds: {
    inodes_min_free_percent: percent(
      10,
      'Free inodes of a filesystem below which there is a warning; half of it is critical.',
    ),
  },
  figures: ({ inodes_min_free_percent: warning }) => ({
    fires: `< ${warning} / ${rounded(warning / 2)} % of the inodes of a filesystem are free`,
    ends: `${warning + 1} % or more`,
    severity: 'warning / critical',
  }),
  measure(history, { inodes_min_free_percent: warning }) {
    const filesystems = writableFilesystems(history);
    if (filesystems === null) return null;
    return filesystems.flatMap(({ sample: { mount, inodes_free, inodes_total } }) => {
      if (inodes_total === null || inodes_free === null || inodes_total <= 0) return [];
      const free_percent = (inodes_free / inodes_total) * 100;
      return {
        key: mount,
        level: levelBelow(free_percent, { warning, critical: warning / 2 }, 1),
        describe: threshold_percent => ({
          subject: partSubject('filesystem', mount),
          title: `${printable(mount, 120)} runs out of inodes`,
          text: `${inodes_free} more files can be made, ${percentText(free_percent)} (threshold ${percentText(threshold_percent)}), however much space is free.`,
          suggestion: `Find where the files are: \`du --inodes -x ${shellWord(mount)} | sort -n | tail\`.`,
          numbers: { free_percent, threshold_percent, inodes_free, inodes_total },
        }),
      };
    });
  },
});
