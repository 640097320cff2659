import { tryReadText } from '../../lib/files/bounded-read.js';
import { processKey } from '../../lib/process/identity.js';
import type { ProcessSample } from '../../model/snapshot.js';

/** Who has fewer is far from any limit that is usual (1,024). */
const FROM_FDS = 256;
const AGAIN_MS = 60_000;
const MAX_ASKED = 32;

/** Of processes with many open files: how many each may have (RLIMIT_NOFILE). */
export class OpenFileLimits {
  private known = new Map<string, { limit: number | null; asked_ms: number }>();

  constructor(private readonly procRoot: string) {}

  /** The same rows, those with many open files with their limit. */
  mark(processes: readonly ProcessSample[], now_ms: number): readonly ProcessSample[] {
    if (!processes.some(hasMany)) return processes;
    const before = this.known;
    this.known = new Map();
    let asked = 0;
    return processes.map(row => {
      if (!hasMany(row)) return row;
      const key = processKey(row);
      let answer = before.get(key);
      if (answer === undefined || now_ms - answer.asked_ms >= AGAIN_MS) {
        if (asked++ >= MAX_ASKED) return row;
        answer = {
          limit: openFilesLimit(tryReadText(`${this.procRoot}/${row.pid}/limits`) ?? ''),
          asked_ms: now_ms,
        };
      }
      this.known.set(key, answer);
      return answer.limit === null ? row : { ...row, fds_limit: answer.limit };
    });
  }
}

function hasMany({ fds }: ProcessSample): boolean {
  return fds !== null && fds >= FROM_FDS;
}

/** proc_pid_limits(5): `Max open files            1024                 524288               files`, the first one holds. */
export function openFilesLimit(text: string): number | null {
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}
