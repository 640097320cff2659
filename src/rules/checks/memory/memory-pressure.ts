import { percentText } from '../../../lib/text/amounts.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { hostSubject } from '../../wording/subjects.js';
import { topMemory } from '../../wording/top-consumers.js';

/**
 * Time in which every task that could run waited for memory instead (`full` of /proc/pressure/memory,
 * Documentation/accounting/psi.rst): the machine freezes. systemd-oomd kills at 60 % for 30 s.
 */
export const memoryPressure = levelRule('memory_pressure', (history, { thresholds }) => {
  const pressure = history.snapshot.host.pressure?.memory ?? null;
  if (pressure === null) return null;
  const { full_avg10: full_avg10_percent, some_avg10: some_avg10_percent } = pressure;
  const high = thresholds.memory_pressure_warn_percent;
  const critical = thresholds.memory_pressure_critical_percent;
  return [
    {
      key: 'host',
      level: level(full_avg10_percent, { high, critical }, high / 2),
      tell: threshold_percent => ({
        subject: hostSubject(),
        title: 'The machine stands still for want of memory',
        text: `For ${percentText(full_avg10_percent)} of the last 10 s everything waited for memory (threshold ${percentText(threshold_percent)}).${topMemory(history)}`,
        suggestion: 'End or pause the largest process that can be spared, now: the next step is a freeze.',
        numbers: { full_avg10_percent, some_avg10_percent, threshold_percent },
      }),
    },
  ];
});
