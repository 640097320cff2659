import { readText } from '../files/bounded-read.js';
import { parseStat } from '../proc/stat.js';

/** USER_HZ, which every architecture that Node runs on has at 100. */
const TICK_MS = 10;
/** One that hangs in the kernel (state D) waits for a disk or for memory; for longer than this it hangs for good. */
const MAX_BLOCKED_MS = 60_000;

export interface Silence {
  /** While we listened. */
  silent_ms: number;
  /** Of that, as long as it could have spoken: it had a CPU, or did not ask for one. */
  hung_ms: number;
}

/** What the kernel's scheduler says of a process's main thread. */
interface Reading {
  state: string;
  /** CPU time used. */
  ran_ms: number;
  /** Ready to run, but another ran. Not counted before that wait is over. */
  waited_ms: number;
}

/**
 * Tells a process that hangs from one that is starved. On a machine with no CPU to spare, what gets none is silent,
 * and to end it helps nobody: it is what works when the machine has a moment. Nor does silence count while we ourselves
 * did not listen: what was said meanwhile is still in the pipe.
 *
 * `check()` wants to be called about every `interval_ms`.
 */
export class SilenceMeter {
  private silent_ms = 0;
  private hung_ms = 0;
  private blocked_ms = 0;
  private checked_ms: number;
  private last: Reading | null;

  constructor(
    private readonly pid: number,
    private readonly interval_ms: number,
    private readonly read: (pid: number) => Reading | null = readScheduling,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.checked_ms = this.now();
    this.last = this.read(pid);
  }

  /** It gave a sign of life. */
  heard(): void {
    this.silent_ms = 0;
    this.hung_ms = 0;
    this.blocked_ms = 0;
  }

  check(): Silence {
    const now_ms = this.now();
    const passed_ms = now_ms - this.checked_ms;
    this.checked_ms = now_ms;
    const reading = this.read(this.pid);
    const starved = passed_ms <= 0 ? 0 : this.starvedShare(reading, passed_ms);
    this.last = reading;
    // What was said while we did not listen comes with the next turn of the event loop.
    const listened_ms = Math.min(passed_ms, 1.5 * this.interval_ms);
    this.silent_ms += listened_ms;
    this.hung_ms += listened_ms * (1 - starved);
    return { silent_ms: this.silent_ms, hung_ms: this.hung_ms };
  }

  /** 0 to 1: for how much of that time the process could not have said a word. */
  private starvedShare(reading: Reading | null, passed_ms: number): number {
    const { last } = this;
    if (reading === null || last === null) return 0;
    if (reading.state === 'D' && this.blocked_ms < MAX_BLOCKED_MS) {
      this.blocked_ms += passed_ms;
      return 1;
    }
    const ran_ms = Math.max(0, reading.ran_ms - last.ran_ms);
    const waited_ms = Math.max(0, reading.waited_ms - last.waited_ms);
    // One that is ready to run now has waited for as long as it did not run: the kernel counts that only later.
    const without_ms = reading.state === 'R' ? Math.max(waited_ms, passed_ms - ran_ms) : waited_ms;
    return Math.min(1, Math.max(0, without_ms / passed_ms));
  }
}

/** Documentation/scheduler/sched-stats.rst: `/proc/PID/schedstat` is `ran waited slices`, in ns; some kernels have none. */
export function readScheduling(pid: number, root = '/proc'): Reading | null {
  const stat = parseStat(tryRead(`${root}/${pid}/stat`) ?? '');
  if (stat === null) return null;
  const [ran_ns, waited_ns] = (tryRead(`${root}/${pid}/schedstat`) ?? '').split(' ').map(Number);
  return Number.isFinite(ran_ns) && Number.isFinite(waited_ns)
    ? { state: stat.state, ran_ms: ran_ns! / 1e6, waited_ms: waited_ns! / 1e6 }
    : { state: stat.state, ran_ms: stat.cpu_ticks * TICK_MS, waited_ms: 0 };
}

/** Whether it waits for nothing but a processor or a disk: proc_pid_stat(5). */
export function isAtWork(pid: number, root = '/proc'): boolean {
  const state = parseStat(tryRead(`${root}/${pid}/stat`) ?? '')?.state;
  return state === 'R' || state === 'D';
}

function tryRead(path: string): string | null {
  try {
    return readText(path);
  } catch {
    return null;
  }
}
