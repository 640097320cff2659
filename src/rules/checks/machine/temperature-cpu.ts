import { z } from 'zod';
import { printable } from '../../../lib/text/printable.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { hostSubject } from '../../wording/subjects.js';
import { topCpu } from '../../wording/top-consumers.js';

/** The hottest sensor of the CPU. Margin: 5 °C. */
export const temperatureCpu = levelRule({
  id: 'temperature_cpu',
  about: 'Temperature of the CPU.',
  duration_s: 30,
  thresholds: {
    temperature_cpu_max: z
      .number()
      .min(1)
      .max(150)
      .default(85)
      .describe('Temperature of the CPU in °C that is high; 10 more is critical.'),
  },
  figures: ({ temperature_cpu_max: limit }) => ({
    fires: `the CPU has ≥ ${limit} / ${limit + 10} °C`,
    ends: `below ${limit - 5} °C`,
    severity: 'high / critical',
  }),
  measure(history, { temperature_cpu_max: limit }) {
    const sensors = history.snapshot.host.temperatures.filter(({ kind }) => kind === 'cpu');
    const hottest = sensors.sort((a, b) => b.celsius - a.celsius)[0];
    if (hottest === undefined) return null;
    const { name, celsius } = hottest;
    return [
      {
        key: 'cpu',
        level: level(celsius, { high: limit, critical: limit + 10 }, 5),
        describe: threshold_celsius => ({
          subject: hostSubject(),
          title: 'The CPU is hot',
          text: `${printable(name, 60)}: ${Math.round(celsius)} °C (threshold ${threshold_celsius} °C). Soon it will slow itself down.${topCpu(history)}`,
          suggestion: 'Let air in, and end or pause what burns CPU.',
          numbers: { celsius, threshold_celsius },
        }),
      },
    ];
  },
});
