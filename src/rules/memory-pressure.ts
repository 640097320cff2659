import { percentText } from '../text/amounts.js';
import { topMemory } from './culprits.js';
import { level } from './level.js';
import type { Rule } from './rule.js';
import { hostSubject } from './subjects.js';

/**
 * Time in which every task that could run waited for memory instead (`full` of /proc/pressure/memory,
 * Documentation/accounting/psi.rst): the machine freezes. systemd-oomd kills at 60 % for 30 s.
 */
export const memoryPressure: Rule = {
  name: 'memory_pressure',
  evaluate(history, _now_ms, { thresholds, detection }) {
    const pressure = history.snapshot.host.pressure?.memory ?? null;
    if (pressure === null) return null;
    const { severity, holds, threshold } = level(
      pressure.full_avg10,
      {
        high: thresholds.memory_pressure_warn_percent,
        critical: thresholds.memory_pressure_critical_percent,
      },
      thresholds.memory_pressure_warn_percent / 2,
    );
    if (!holds) return [];
    return [
      {
        key: 'host',
        severity,
        holds,
        for_ms: detection.memory_pressure.duration_s * 1000,
        clear_ms: 30_000,
        subject: hostSubject(),
        title: 'The machine stands still for want of memory',
        text: `For ${percentText(pressure.full_avg10)} of the last 10 s everything waited for memory (threshold ${percentText(threshold)}).${topMemory(history)}`,
        suggestion: 'End or pause the largest process that can be spared, now: the next step is a freeze.',
        numbers: {
          full_avg10_percent: pressure.full_avg10,
          some_avg10_percent: pressure.some_avg10,
          threshold_percent: threshold,
        },
      },
    ];
  },
};
