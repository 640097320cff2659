import { percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { percent } from '../../engine/settings.js';
import { hostSubject } from '../../wording/subjects.js';
import { topMemory } from '../../wording/top-consumers.js';

/**
 * Time in which every task that could run waited for memory instead (`full` of /proc/pressure/memory,
 * Documentation/accounting/psi.rst): the machine freezes. systemd-oomd kills at 60 % for 30 s.
 */
export const memoryPressure = levelRule({
  id: 'memory_pressure',
  about: 'Everything waits for memory (PSI).',
  duration_s: 30,
  thresholds: {
    memory_pressure_warn_percent: percent(
      10,
      'Share of time in which everything waited for memory (PSI `full`, last 10 s) that is high.',
    ),
    memory_pressure_critical_percent: percent(40, 'The same, critical.'),
  },
  ascending: ['memory_pressure_warn_percent', 'memory_pressure_critical_percent'],
  figures: ({ memory_pressure_warn_percent: high, memory_pressure_critical_percent: critical }) => ({
    fires: `≥ ${high} / ${critical} % of the time all work waits for memory`,
    ends: `below ${rounded(high / 2)} %`,
    severity: 'high / critical',
  }),
  measure(history, { memory_pressure_warn_percent: high, memory_pressure_critical_percent: critical }) {
    const pressure = history.snapshot.host.pressure?.memory ?? null;
    if (pressure === null) return null;
    const { full_avg10: full_avg10_percent, some_avg10: some_avg10_percent } = pressure;
    return [
      {
        key: 'host',
        level: level(full_avg10_percent, { high, critical }, high / 2),
        describe: threshold_percent => ({
          subject: hostSubject(),
          title: 'The machine stands still for want of memory',
          text: `For ${percentText(full_avg10_percent)} of the last 10 s everything waited for memory (threshold ${percentText(threshold_percent)}).${topMemory(history)}`,
          suggestion: 'End or pause the largest process that can be spared, now: the next step is a freeze.',
          numbers: { full_avg10_percent, some_avg10_percent, threshold_percent },
        }),
      },
    ];
  },
});
