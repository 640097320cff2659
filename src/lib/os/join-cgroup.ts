import { execFile } from 'node:child_process';

/** A helper waits for it before it begins. */
const TIMEOUT_MS = 10_000;

/**
 * Puts a process into the control group of this folder; rejects with what the kernel says. Another process asks for it:
 * the kernel lets nobody change his group while others fork, and who asks hangs in it for seconds in a fork bomb.
 */
export function joinCgroup(folder: string, pid: number): Promise<void> {
  const args = ['-c', 'echo "$1" >"$2/cgroup.procs"', 'sh', String(pid), folder];
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', env: {}, cwd: '/' } as const;
    execFile('/bin/sh', args, options, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(stderr.trim().slice(0, 300) || error.message));
    });
  });
}
