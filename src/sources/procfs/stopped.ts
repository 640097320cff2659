import { tryReadText } from '../../lib/files/bounded-read.js';
import { readLiving } from './read.js';

/**
 * Where a process of a frozen control group sleeps (`docker pause`, `systemctl freeze`): of version 2 where signals are taken,
 * by the kernel's version; of version 1 in the refrigerator. Nothing else sleeps there.
 */
const FROZEN_IN = new Set(['get_signal', 'do_freezer_trap', '__refrigerator']);

/**
 * Whether the process stands still: stopped by a signal (state `T` of proc_pid_stat(5)), or frozen with its control group,
 * which shows as sleep and in proc_pid_wchan(5) only. `gone`: there is none.
 */
export function isStopped(root: string, pid: number): boolean | 'gone' {
  const stat = readLiving(root, pid);
  if (stat === null) return 'gone';
  if (stat.state === 'T') return true;
  const sleeps = stat.state === 'S' || stat.state === 'D';
  return sleeps && FROZEN_IN.has(tryReadText(`${root}/${pid}/wchan`) ?? '');
}
