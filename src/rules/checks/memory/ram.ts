import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { hostSubject } from '../../wording/subjects.js';
import { topMemory } from '../../wording/top-consumers.js';

/** Memory in use: total − available (proc_meminfo(5)), what cannot be had without pushing something out. */
export const ram = levelRule('ram', (history, { thresholds }) => {
  const { memory } = history.snapshot.host;
  if (memory === null || memory.total_bytes <= 0) return null;
  const { used_bytes, total_bytes, available_bytes } = memory;
  const used_percent = (used_bytes / total_bytes) * 100;
  return [
    {
      key: 'host',
      level: level(used_percent, {
        warning: thresholds.ram_warn_percent,
        critical: thresholds.ram_critical_percent,
      }),
      tell: threshold_percent => ({
        subject: hostSubject(),
        title: 'Memory is nearly used up',
        text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold_percent)}), ${bytesText(available_bytes)} is left.${topMemory(history)}`,
        suggestion: 'End what is not needed, the largest first, before the kernel chooses for you.',
        numbers: { used_percent, threshold_percent, used_bytes, total_bytes },
      }),
    },
  ];
});
