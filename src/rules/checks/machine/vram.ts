import { bytesText, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { HostSample } from '../../../model/snapshot.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { processName } from '../../wording/labels.js';
import { partSubject } from '../../wording/subjects.js';

/** Memory of a GPU: the next to ask for some gets an error. */
export const vram = levelRule({
  id: 'vram',
  about: 'Memory of GPUs.',
  duration_s: 60,
  thresholds: {
    vram_max_percent: percent(95, 'Memory of a GPU in use from which there is a warning.'),
  },
  figures: ({ vram_max_percent }) => ({
    fires: `≥ ${vram_max_percent} % of the memory of a GPU is in use`,
    ends: `below ${rounded(vram_max_percent * 0.95)} %`,
    severity: 'warning',
  }),
  measure(history, { vram_max_percent: warning }) {
    return history.snapshot.host.gpus.flatMap(gpu => {
      const { id, name, vram_total_bytes: total_bytes, vram_used_bytes: used_bytes } = gpu;
      if (total_bytes === null || used_bytes === null || total_bytes <= 0) return [];
      const used_percent = (used_bytes / total_bytes) * 100;
      return {
        key: id,
        level: level(used_percent, { warning }),
        describe: threshold_percent => ({
          subject: partSubject('gpu', `${name} (${id})`),
          title: `The memory of the GPU ${printable(name, 60)} is nearly used up`,
          text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold_percent)}).${holders(history, gpu)}`,
          suggestion: 'End what holds it and is not needed; a model server can be told to unload.',
          numbers: { used_percent, threshold_percent, used_bytes, total_bytes },
        }),
      };
    });
  },
});

function holders(history: History, gpu: HostSample['gpus'][number]): string {
  const names = [...gpu.processes]
    .sort((a, b) => (b.vram_bytes ?? 0) - (a.vram_bytes ?? 0))
    .slice(0, 3)
    .map(({ pid, vram_bytes }) => {
      const track = history.process(pid);
      const name = track === undefined ? `pid ${pid}` : processName(track);
      return vram_bytes === null ? name : `${name}: ${bytesText(vram_bytes)}`;
    });
  return names.length === 0 ? '' : ` Held by ${names.join(', ')}.`;
}
