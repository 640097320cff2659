import { z } from 'zod';
import { percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { baselineFigures, LEAST_DEVIATION } from '../../statistics/baseline.js';
import { hostSubject } from '../../wording/subjects.js';
import { topCpu, topMemory } from '../../wording/top-consumers.js';

const NAMES: Readonly<Record<string, string>> = {
  ram_percent: 'Memory in use',
  swap_percent: 'Swap in use',
  cpu_percent: 'CPU in use',
  load_percent: 'Load per core',
};

/** Far above what was learned for this hour of the day. A hint, not a fault: a note. */
export const baselineAnomaly = defineRule({
  id: 'baseline_anomaly',
  about: 'A figure of the machine far above what is usual at this hour.',
  keys: {
    duration_s: lasting(300),
    deviations: z.number().min(1).max(100).default(3).describe('So many standard deviations above the mean.'),
    min_days: z.int().min(1).max(365).default(3).describe('So many days must have been seen before.'),
  },
  figures: ({ deviations, duration_s }) => ({
    fires: `a figure is > ${deviations} deviations above what is usual at this hour`,
    lasts_s: duration_s,
    ends: `below ${rounded(deviations * 0.8)} deviations`,
    clear_s: 300,
    severity: 'info',
  }),
  check(history, now_ms, { deviations, min_days, duration_s }) {
    return Object.entries(baselineFigures(history.snapshot.host)).flatMap(([metric, value]) => {
      const usual = history.baseline.usual(metric, now_ms);
      // Today is one of the days.
      if (usual === null || usual.days <= min_days) return [];
      const deviation = Math.max(usual.deviation, LEAST_DEVIATION);
      const sigmas = (value - usual.mean) / deviation;
      if (sigmas < deviations * 0.8) return [];
      return {
        key: metric,
        severity: sigmas > deviations ? ('info' as const) : null,
        holds: true,
        for_ms: duration_s * 1000,
        clear_ms: 300_000,
        subject: hostSubject(),
        title: `${NAMES[metric] ?? metric} is far above what is usual at this hour`,
        text: `${percentText(value)}; usual at this hour is ${percentText(usual.mean)} ± ${percentText(usual.deviation)} (threshold ${deviations} deviations).${metric === 'ram_percent' || metric === 'swap_percent' ? topMemory(history) : topCpu(history)}`,
        suggestion: null,
        numbers: {
          value_percent: value,
          mean_percent: usual.mean,
          deviation_percent: usual.deviation,
          sigmas,
        },
      };
    });
  },
});
