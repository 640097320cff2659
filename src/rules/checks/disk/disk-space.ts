import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { levelBelow } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { partSubject } from '../../wording/subjects.js';
import { restartAdvice, topOfFilesystem } from '../../wording/top-consumers.js';
import { writableFilesystems } from './filesystems.js';

/** Space that an ordinary user may still use. */
export const diskSpace = levelRule({
  id: 'disk_space',
  about: 'Free space of filesystems.',
  duration_s: 10,
  thresholds: {
    disk_min_free_percent: percent(10, 'Free space of a filesystem below which there is a warning.'),
    disk_critical_free_percent: percent(5, 'Free space below which it is critical.'),
  },
  ascending: ['disk_critical_free_percent', 'disk_min_free_percent'],
  figures: ({ disk_min_free_percent: warning, disk_critical_free_percent: critical }) => ({
    fires: `< ${warning} / ${critical} % of a filesystem is free`,
    ends: `${warning + 1} % or more`,
    severity: 'warning / critical',
  }),
  measure(history, { disk_min_free_percent: warning, disk_critical_free_percent: critical }) {
    const filesystems = writableFilesystems(history);
    if (filesystems === null) return null;
    return filesystems.map(({ sample }) => {
      const { mount, available_bytes, total_bytes } = sample;
      const free_percent = (available_bytes / total_bytes) * 100;
      return {
        key: mount,
        level: levelBelow(free_percent, { warning, critical }, 1),
        describe: threshold_percent => ({
          subject: partSubject('filesystem', mount),
          title: `${printable(mount, 120)} is nearly full`,
          text: `${bytesText(available_bytes)} of ${bytesText(total_bytes)} are free, ${percentText(free_percent)} (threshold ${percentText(threshold_percent)}).${topOfFilesystem(history, sample)}`,
          suggestion: `${restartAdvice(history, sample)}Find what is large: \`du -xh ${shellWord(mount)} | sort -h | tail\`. Build caches, old logs and container images are good candidates.`,
          numbers: { free_percent, threshold_percent, available_bytes, total_bytes },
        }),
      };
    });
  },
});
