import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { hostSubject } from '../../wording/subjects.js';
import { filesInMemory, topMemory } from '../../wording/top-consumers.js';

/** Memory in use: total − available (proc_meminfo(5)), what cannot be had without pushing something out. */
export const ram = levelRule({
  id: 'ram',
  about: 'Memory in use.',
  duration_s: 30,
  thresholds: {
    ram_warn_percent: percent(80, 'Memory in use from which there is a warning.'),
    ram_critical_percent: percent(90, 'Memory in use that is critical.'),
  },
  ascending: ['ram_warn_percent', 'ram_critical_percent'],
  figures: ({ ram_warn_percent: warning, ram_critical_percent: critical }) => ({
    fires: `≥ ${warning} / ${critical} % of the memory is in use`,
    ends: `below ${rounded(warning * 0.95)} %`,
    severity: 'warning / critical',
  }),
  measure(history, { ram_warn_percent: warning, ram_critical_percent: critical }) {
    const { memory } = history.snapshot.host;
    if (memory === null || memory.total_bytes <= 0) return null;
    const { used_bytes, total_bytes, available_bytes } = memory;
    const used_percent = (used_bytes / total_bytes) * 100;
    return [
      {
        key: 'host',
        level: level(used_percent, { warning, critical }),
        describe: threshold_percent => ({
          subject: hostSubject(),
          title: 'Memory is nearly used up',
          text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold_percent)}), ${bytesText(available_bytes)} is left.${topMemory(history)}`,
          suggestion: suggestion(history),
          numbers: { used_percent, threshold_percent, used_bytes, total_bytes },
        }),
      },
    ];
  },
});

function suggestion(history: History): string {
  const [files] = filesInMemory(history);
  const processes = history.watched.reduce((most, track) => Math.max(most, track.held_bytes), 0);
  return files !== undefined && files.weight > processes
    ? 'Files in a tmpfs take memory as a program does: delete what is not needed there, ending programs gives none of it back.'
    : 'End what is not needed, the largest first, before the kernel chooses for you.';
}
