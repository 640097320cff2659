import { availableParallelism } from 'node:os';
import { memoryOf } from '../../lib/proc/process-memory.js';
import { ProcessTable } from '../../sources/procfs/table.js';
import { systemEvent, type Thresholds } from './event.js';
import { Machine } from './machine.js';
import { type Found, Targets } from './targets.js';

export interface WatchOptions {
  comm: string | null;
  pid: number | null;
  children: boolean;
  interval_ms: number;
  /** Samples to print; null: until stopped. */
  count: number | null;
  thresholds: Thresholds;
}

export interface Listener {
  /** Wall clock, ms since the epoch. */
  now(): number;
  /** A line of JSON without its newline. */
  line(text: string): void;
  ended(process: { pid: number; comm: string }): void;
  /** Nothing has that name yet. Said once. */
  waiting(): void;
}

/** CPU needs two readings: the first is made so long before the first line, or an interval if that is less. */
const HEAD_START_MS = 500;

/**
 * Prints a line for each target at each sample until `stop` aborts, `count` samples were made, or the one
 * process that was asked for has ended. Answers how many lines it printed and whether that process is gone.
 */
export async function watchSystem(
  options: WatchOptions,
  listener: Listener,
  stop: AbortSignal,
): Promise<{ lines: number; gone: boolean }> {
  const { comm, pid, children, interval_ms, count, thresholds } = options;
  // A process that lets nobody read its arguments must not hold up who watches others.
  await memoryOf('/proc').guard();
  const table = new ProcessTable();
  const whole = comm === null && pid === null ? new Machine() : null;
  const targets = new Targets({ comm, pid, children, own_pid: process.pid });
  const cores = availableParallelism();
  let lines = 0;
  let said = false;
  const look = (): Found => {
    const now_ms = performance.now();
    const rows = table.sample(now_ms, targets.pids);
    if (whole !== null) return { usages: [whole.measure(rows, now_ms)], ended: [] };
    return targets.follow(rows, of => table.get(of));
  };
  try {
    let found = look();
    if (pid !== null && found.usages.length === 0) return { lines, gone: true };
    let due_ms = performance.now() + Math.min(HEAD_START_MS, interval_ms);
    for (let sample = 0; count === null || sample < count; sample++) {
      if (found.usages.length === 0 && !said) {
        said = true;
        listener.waiting();
      }
      await sleepUntil(due_ms, stop);
      if (stop.aborted) break;
      found = look();
      // After a sleep of the machine, the samples that were missed are not made up for.
      due_ms = Math.max(due_ms + interval_ms, performance.now());
      for (const process of found.ended) listener.ended(process);
      for (const usage of found.usages) {
        listener.line(systemEvent(usage, listener.now(), cores, thresholds));
        lines++;
      }
      if (pid !== null && found.usages.length === 0) return { lines, gone: true };
    }
    return { lines, gone: false };
  } finally {
    table.stop();
    await memoryOf('/proc').stop();
  }
}

function sleepUntil(due_ms: number, stop: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (stop.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(due_ms - performance.now(), 0));
    stop.addEventListener('abort', done);
  });
}
