import { bytesText, percentText } from '../../../lib/text/amounts.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { hostSubject } from '../../wording/subjects.js';

/** Swap in use. Three steps, the last of them critical: swap that is full is followed by the OOM killer. */
export const swap = levelRule('swap', (history, { thresholds }) => {
  const { memory } = history.snapshot.host;
  if (memory === null) return null;
  const { swap_used_bytes: used_bytes, swap_total_bytes: total_bytes } = memory;
  if (total_bytes <= 0) return [];
  const used_percent = (used_bytes / total_bytes) * 100;
  return [
    {
      key: 'host',
      level: level(used_percent, {
        warning: thresholds.swap_warn_percent,
        high: thresholds.swap_high_percent,
        critical: thresholds.swap_critical_percent,
      }),
      tell: threshold_percent => ({
        subject: hostSubject(),
        title: 'Swap fills up',
        text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold_percent)}).${swappedOut(history)}`,
        suggestion: 'End or restart what was swapped out and is not needed.',
        numbers: { used_percent, threshold_percent, used_bytes, total_bytes },
      }),
    },
  ];
});

function swappedOut(history: History): string {
  const largest = groupBy(history.watched, programKey, track => track.sample.swap_bytes ?? 0)
    .map(({ tracks }) => ({
      name: programName(tracks[0]!),
      bytes: tracks.reduce((sum, { sample }) => sum + (sample.swap_bytes ?? 0), 0),
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3);
  if (largest.length === 0) return '';
  return ` Most of it is of ${largest.map(({ name, bytes }) => `${name} (${bytesText(bytes)})`).join(', ')}.`;
}
