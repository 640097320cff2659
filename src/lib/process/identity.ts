/** What tells a process from the next one with its pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of proc_pid_stat(5). */
  readonly start_ticks: number;
}

/** The same as a text, for maps: `pid:start_ticks`. */
export function processKey({ pid, start_ticks }: ProcessIdentity): string {
  return `${pid}:${start_ticks}`;
}

export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.start_ticks === b.start_ticks;
}
