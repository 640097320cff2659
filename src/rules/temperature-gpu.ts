import { printable } from '../text/printable.js';
import { level } from './level.js';
import type { Rule } from './rule.js';
import { partSubject } from './subjects.js';

export const temperatureGpu: Rule = {
  name: 'temperature_gpu',
  evaluate(history, _now_ms, { thresholds, detection }) {
    return history.snapshot.host.gpus.flatMap(gpu => {
      if (gpu.celsius === null) return [];
      const limit = thresholds.temperature_gpu_max;
      const { severity, holds, threshold } = level(gpu.celsius, { high: limit, critical: limit + 10 }, 5);
      if (!holds) return [];
      const name = printable(gpu.name, 60);
      return {
        key: gpu.id,
        severity,
        holds,
        for_ms: detection.temperature_gpu.duration_s * 1000,
        clear_ms: 30_000,
        subject: partSubject('gpu', `${gpu.name} (${gpu.id})`),
        title: `The GPU ${name} is hot`,
        text: `${Math.round(gpu.celsius)} °C (threshold ${threshold} °C).`,
        suggestion: 'Let air in, and end or pause what uses it.',
        numbers: { celsius: gpu.celsius, threshold_celsius: threshold },
      };
    });
  },
};
