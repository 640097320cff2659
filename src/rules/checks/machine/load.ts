import { z } from 'zod';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { levelRule } from '../../engine/level-rule.js';
import { isAttended, isBusyByNature } from '../../processes/exemptions.js';
import { hostSubject } from '../../wording/subjects.js';
import { topCpu } from '../../wording/top-consumers.js';

/** So much of the work must be wanted, and the load is no trouble. */
const EXPLAINED = 0.5;
const LEAST_PERCENT = 2;

/**
 * More tasks want to run (or wait for a disk) than there are cores. A build makes load on purpose: when most
 * of it is builds and what somebody waits for, there is nothing to report.
 */
export const load = levelRule({
  id: 'load',
  about: 'Load of the machine.',
  duration_s: 300,
  clear_s: 60,
  thresholds: {
    cpu_load_factor: z
      .number()
      .min(0.1)
      .max(1000)
      .default(2)
      .describe('Load (1 min) per core from which the machine counts as overloaded.'),
  },
  figures: ({ cpu_load_factor }) => ({
    fires: `the load is > ${cpu_load_factor} × the cores, and most of it is not wanted work`,
    ends: `at most ${rounded(cpu_load_factor * 0.8)} ×, or wanted`,
    severity: 'warning',
  }),
  measure(history, { cpu_load_factor }) {
    const { cpu, cores } = history.snapshot.host;
    if (cpu === null || cores <= 0) return null;
    const { load1, load5 } = cpu;
    const limit = cpu_load_factor * cores;
    const holds = load1 > limit * 0.8 && !isExplained(history, load1);
    const severity = holds && load1 > limit ? 'warning' : null;
    const describe = () => {
      const blocked = history.watched.filter(({ sample }) => sample.state === 'D').length;
      const waiting =
        blocked === 0 ? '' : ` ${blocked} of the waiting processes wait for a disk or a network mount.`;
      return {
        subject: hostSubject(),
        title: 'The machine is overloaded',
        text: `The load is ${load1.toFixed(1)} on ${cores} cores (threshold ${limit.toFixed(1)}).${waiting}${topCpu(history)}`,
        suggestion:
          blocked > cores
            ? 'Look at the disks and the network mounts: processes wait for them.'
            : 'End what is not needed, or run fewer jobs at a time.',
        numbers: { load1, load5, cores, threshold_load: limit, blocked },
      };
    };
    return [{ key: 'host', level: { severity, holds, threshold: limit }, describe }];
  },
});

/** Most of the CPU goes into builds and attended work, and no crowd of other processes waits for a disk. */
function isExplained(history: History, load1: number): boolean {
  let all = 0;
  let wanted = 0;
  let blocked = 0;
  for (const track of history.watched) {
    const { state, cpu_percent } = track.sample;
    const share = cpu_percent ?? 0;
    if (share < LEAST_PERCENT && state !== 'D') continue;
    all += share;
    if (isBusyByNature(history, track) || isAttended(history, track)) wanted += share;
    else if (state === 'D') blocked++;
  }
  return wanted >= all * EXPLAINED && wanted > 0 && blocked < load1 * EXPLAINED;
}
