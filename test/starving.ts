import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';

/** To leave a process without CPU: it yields, and shares CPU 0 with a spinner. */

/** It runs when nobody else wants to, or as others do; it leads a session of its own. */
export function setYielding(pid: number, yields: boolean): void {
  execFileSync('chrt', [yields ? '--idle' : '--other', '--all-tasks', '--pid', '0', String(pid)]);
  // sched(7): where this is on, a class counts among the processes of one session only.
  const autogroup = `/proc/${pid}/autogroup`;
  if (existsSync(autogroup)) writeFileSync(autogroup, yields ? '19' : '0');
}

/** Takes the whole of CPU 0 from whom it matters to least. */
export function spinner(): ChildProcess {
  const args = ['-c', '0', 'python3', '-S', '-E', '-c', 'while True: pass'];
  return spawn('taskset', args, { stdio: 'ignore', detached: true });
}
