import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { hostSubject } from '../../wording/subjects.js';

/** Swap in use. Three steps, the last of them critical: swap that is full is followed by the OOM killer. */
export const swap = levelRule({
  id: 'swap',
  about: 'Swap in use.',
  duration_s: 30,
  thresholds: {
    swap_warn_percent: percent(40, 'Swap in use from which there is a warning.'),
    swap_high_percent: percent(50, 'Swap in use that is high.'),
    swap_critical_percent: percent(80, 'Swap in use that is critical.'),
  },
  ascending: ['swap_warn_percent', 'swap_high_percent', 'swap_critical_percent'],
  figures: ({ swap_warn_percent: warning, swap_high_percent: high, swap_critical_percent: critical }) => ({
    fires: `≥ ${warning} / ${high} / ${critical} % of the swap is in use`,
    ends: `below ${rounded(warning * 0.95)} %`,
    severity: 'warning / high / critical',
  }),
  measure(history, { swap_warn_percent: warning, swap_high_percent: high, swap_critical_percent: critical }) {
    const { memory } = history.snapshot.host;
    if (memory === null) return null;
    const { swap_used_bytes: used_bytes, swap_total_bytes: total_bytes } = memory;
    if (total_bytes <= 0) return [];
    const used_percent = (used_bytes / total_bytes) * 100;
    return [
      {
        key: 'host',
        level: level(used_percent, { warning, high, critical }),
        describe: threshold_percent => ({
          subject: hostSubject(),
          title: 'Swap fills up',
          text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold_percent)}).${swappedOut(history)}`,
          suggestion: 'End or restart what was swapped out and is not needed.',
          numbers: { used_percent, threshold_percent, used_bytes, total_bytes },
        }),
      },
    ];
  },
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
