import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { levelBelow } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { partSubject } from '../../wording/subjects.js';
import { writableFilesystems } from './filesystems.js';

/** Space that an ordinary user may still use. */
export const diskSpace = levelRule('disk_space', (history, { thresholds }) => {
  const warning = thresholds.disk_min_free_percent;
  const critical = thresholds.disk_critical_free_percent;
  const filesystems = writableFilesystems(history);
  if (filesystems === null) return null;
  return filesystems.map(({ sample: { mount, available_bytes, total_bytes } }) => {
    const free_percent = (available_bytes / total_bytes) * 100;
    return {
      key: mount,
      level: levelBelow(free_percent, { warning, critical }, 1),
      tell: threshold_percent => ({
        subject: partSubject('filesystem', mount),
        title: `${printable(mount, 120)} is nearly full`,
        text: `${bytesText(available_bytes)} of ${bytesText(total_bytes)} are free, ${percentText(free_percent)} (threshold ${percentText(threshold_percent)}).`,
        suggestion: `Find what is large: \`du -xh ${shellWord(mount)} | sort -h | tail\`. Build caches, old logs and container images are good candidates.`,
        numbers: { free_percent, threshold_percent, available_bytes, total_bytes },
      }),
    };
  });
});
