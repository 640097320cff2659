import type { GpuSample } from '../collectors/snapshot.js';
import { bytesText, percentText } from '../text/amounts.js';
import { printable } from '../text/printable.js';
import type { History } from './history.js';
import { level } from './level.js';
import { processName } from './names.js';
import type { Rule } from './rule.js';
import { partSubject } from './subjects.js';

/** Memory of a GPU: the next to ask for some gets an error. */
export const vram: Rule = {
  name: 'vram',
  evaluate(history, _now_ms, { thresholds, detection }) {
    return history.snapshot.host.gpus.flatMap(gpu => {
      const { vram_total_bytes: total_bytes, vram_used_bytes: used_bytes } = gpu;
      if (total_bytes === null || used_bytes === null || total_bytes <= 0) return [];
      const used_percent = (used_bytes / total_bytes) * 100;
      const { severity, holds, threshold } = level(used_percent, { warning: thresholds.vram_max_percent });
      if (!holds) return [];
      return {
        key: gpu.id,
        severity,
        holds,
        for_ms: detection.vram.duration_s * 1000,
        clear_ms: 30_000,
        subject: partSubject('gpu', `${gpu.name} (${gpu.id})`),
        title: `The memory of the GPU ${printable(gpu.name, 60)} is nearly used up`,
        text: `${percentText(used_percent)} of ${bytesText(total_bytes)} is in use (threshold ${percentText(threshold)}).${holders(history, gpu)}`,
        suggestion: 'End what holds it and is not needed; a model server can be told to unload.',
        numbers: { used_percent, threshold_percent: threshold, used_bytes, total_bytes },
      };
    });
  },
};

function holders(history: History, gpu: GpuSample): string {
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
