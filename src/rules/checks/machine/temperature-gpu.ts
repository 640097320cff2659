import { z } from 'zod';
import { printable } from '../../../lib/text/printable.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { partSubject } from '../../wording/subjects.js';

export const temperatureGpu = levelRule({
  id: 'temperature_gpu',
  about: 'Temperature of GPUs.',
  duration_s: 30,
  thresholds: {
    temperature_gpu_max: z
      .number()
      .min(1)
      .max(150)
      .default(80)
      .describe('Temperature of a GPU in °C that is high; 10 more is critical.'),
  },
  figures: ({ temperature_gpu_max: limit }) => ({
    fires: `a GPU has ≥ ${limit} / ${limit + 10} °C`,
    ends: `below ${limit - 5} °C`,
    severity: 'high / critical',
  }),
  measure(history, { temperature_gpu_max: limit }) {
    return history.snapshot.host.gpus.flatMap(({ id, name, celsius }) => {
      if (celsius === null) return [];
      return {
        key: id,
        level: level(celsius, { high: limit, critical: limit + 10 }, 5),
        describe: threshold_celsius => ({
          subject: partSubject('gpu', `${name} (${id})`),
          title: `The GPU ${printable(name, 60)} is hot`,
          text: `${Math.round(celsius)} °C (threshold ${threshold_celsius} °C).`,
          suggestion: 'Let air in, and end or pause what uses it.',
          numbers: { celsius, threshold_celsius },
        }),
      };
    });
  },
});
