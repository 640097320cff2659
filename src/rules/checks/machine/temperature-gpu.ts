import { printable } from '../../../lib/text/printable.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { partSubject } from '../../wording/subjects.js';

export const temperatureGpu = levelRule('temperature_gpu', (history, { thresholds }) =>
  history.snapshot.host.gpus.flatMap(({ id, name, celsius }) => {
    if (celsius === null) return [];
    const limit = thresholds.temperature_gpu_max;
    return {
      key: id,
      level: level(celsius, { high: limit, critical: limit + 10 }, 5),
      tell: threshold_celsius => ({
        subject: partSubject('gpu', `${name} (${id})`),
        title: `The GPU ${printable(name, 60)} is hot`,
        text: `${Math.round(celsius)} °C (threshold ${threshold_celsius} °C).`,
        suggestion: 'Let air in, and end or pause what uses it.',
        numbers: { celsius, threshold_celsius },
      }),
    };
  }),
);
