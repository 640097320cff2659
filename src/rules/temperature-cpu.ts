import { printable } from '../text/printable.js';
import { topCpu } from './culprits.js';
import { level } from './level.js';
import type { Rule } from './rule.js';
import { hostSubject } from './subjects.js';

/** The hottest sensor of the CPU. Margin: 5 °C. */
export const temperatureCpu: Rule = {
  name: 'temperature_cpu',
  evaluate(history, _now_ms, { thresholds, detection }) {
    const sensors = history.snapshot.host.temperatures.filter(({ kind }) => kind === 'cpu');
    const hottest = sensors.sort((a, b) => b.celsius - a.celsius)[0];
    if (hottest === undefined) return null;
    const limit = thresholds.temperature_cpu_max;
    const { severity, holds, threshold } = level(hottest.celsius, { high: limit, critical: limit + 10 }, 5);
    if (!holds) return [];
    return [
      {
        key: 'cpu',
        severity,
        holds,
        for_ms: detection.temperature_cpu.duration_s * 1000,
        clear_ms: 30_000,
        subject: hostSubject(),
        title: 'The CPU is hot',
        text: `${printable(hottest.name, 60)}: ${Math.round(hottest.celsius)} °C (threshold ${threshold} °C). Soon it will slow itself down.${topCpu(history)}`,
        suggestion: 'Let air in, and end or pause what burns CPU.',
        numbers: { celsius: hottest.celsius, threshold_celsius: threshold },
      },
    ];
  },
};
