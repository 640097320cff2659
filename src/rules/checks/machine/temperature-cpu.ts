import { printable } from '../../../lib/text/printable.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { hostSubject } from '../../wording/subjects.js';
import { topCpu } from '../../wording/top-consumers.js';

/** The hottest sensor of the CPU. Margin: 5 °C. */
export const temperatureCpu = levelRule('temperature_cpu', (history, { thresholds }) => {
  const sensors = history.snapshot.host.temperatures.filter(({ kind }) => kind === 'cpu');
  const hottest = sensors.sort((a, b) => b.celsius - a.celsius)[0];
  if (hottest === undefined) return null;
  const { name, celsius } = hottest;
  const limit = thresholds.temperature_cpu_max;
  return [
    {
      key: 'cpu',
      level: level(celsius, { high: limit, critical: limit + 10 }, 5),
      tell: threshold_celsius => ({
        subject: hostSubject(),
        title: 'The CPU is hot',
        text: `${printable(name, 60)}: ${Math.round(celsius)} °C (threshold ${threshold_celsius} °C). Soon it will slow itself down.${topCpu(history)}`,
        suggestion: 'Let air in, and end or pause what burns CPU.',
        numbers: { celsius, threshold_celsius },
      }),
    },
  ];
});
