import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { hostSubject } from '../../wording/subjects.js';

/** Pages a second: less than 256 kB a second is somebody who comes back after a while. */
const SWAPPING_PER_S = 64;
/** Percent of time in which somebody waited for memory. */
const PRESSURE_PERCENT = 1;
const SHORT_SHARE = 0.2;

/**
 * Swap in use. Three steps, the last of them critical: swap that is full is followed by the OOM killer. But where nothing is
 * swapped, nobody waits for memory, and what is swapped out would find room in it, it is only where things lie.
 */
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
    fires: `≥ ${warning} / ${high} / ${critical} % of the swap is in use, while the machine swaps or memory is short`,
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
        level: isNeeded(history) ? level(used_percent, { warning, high, critical }) : NO_TROUBLE,
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

const NO_TROUBLE = { severity: null, holds: false, threshold: 0 } as const;

function isNeeded({ snapshot: { host } }: History): boolean {
  const { swap_in_per_s, swap_out_per_s, available_bytes, total_bytes, swap_used_bytes } = host.memory!;
  const swapping = Math.max(swap_in_per_s ?? 0, swap_out_per_s ?? 0) >= SWAPPING_PER_S;
  const waits = (host.pressure?.memory?.some_avg60 ?? 0) >= PRESSURE_PERCENT;
  return swapping || waits || available_bytes < Math.max(swap_used_bytes, total_bytes * SHORT_SHARE);
}

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
