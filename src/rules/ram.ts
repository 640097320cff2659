import { bytesText, percentText } from '../text/amounts.js';
import { topMemory } from './culprits.js';
import { level } from './level.js';
import type { Rule } from './rule.js';
import { hostSubject } from './subjects.js';

/** Memory in use: total − available (proc_meminfo(5)), what cannot be had without pushing something out. */
export const ram: Rule = {
  name: 'ram',
  evaluate(history, _now_ms, { thresholds, detection }) {
    const { memory } = history.snapshot.host;
    if (memory === null || memory.total_bytes <= 0) return null;
    const used_percent = (memory.used_bytes / memory.total_bytes) * 100;
    const { severity, holds, threshold } = level(used_percent, {
      warning: thresholds.ram_warn_percent,
      critical: thresholds.ram_critical_percent,
    });
    if (!holds) return [];
    return [
      {
        key: 'host',
        severity,
        holds,
        for_ms: detection.ram.duration_s * 1000,
        clear_ms: 30_000,
        subject: hostSubject(),
        title: 'Memory is nearly used up',
        text: `${percentText(used_percent)} of ${bytesText(memory.total_bytes)} is in use (threshold ${percentText(threshold)}), ${bytesText(memory.available_bytes)} is left.${topMemory(history)}`,
        suggestion: 'End what is not needed, the largest first, before the kernel chooses for you.',
        numbers: {
          used_percent,
          threshold_percent: threshold,
          used_bytes: memory.used_bytes,
          total_bytes: memory.total_bytes,
        },
      },
    ];
  },
};
