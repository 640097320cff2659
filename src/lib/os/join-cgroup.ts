import { runChild } from '../process/run-child.js';

/** A helper waits for it before it begins. */
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/**
 * Puts a process into the control group of this folder; rejects with what the kernel says. Another process asks for it:
 * the kernel lets nobody change his group while others fork, and who asks hangs in it for seconds in a fork bomb.
 */
export async function joinCgroup(folder: string, pid: number): Promise<void> {
  const args = ['-c', 'echo "$1" >"$2/cgroup.procs"', 'sh', String(pid), folder];
  const { problem, stderr } = await runChild('/bin/sh', args, {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
    env: {},
    cwd: '/',
  });
  if (problem !== null) throw new Error(stderr.trim().slice(0, 300) || problem);
}
