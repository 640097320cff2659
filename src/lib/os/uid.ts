import { tryReadHead } from '../files/bounded-read.js';

/** The line with the uids is one of the first of status; a list of 65,536 groups may follow. */
const HEAD_BYTES = 1024;

/** The real uid of a process, from the `Uid:` line of /proc/PID/status; null: gone, or not to be read. */
export function readUid(root: string, pid: number): number | null {
  return parseUid(tryReadHead(`${root}/${pid}/status`, HEAD_BYTES) ?? '');
}

/** The real uid of /proc/PID/status, `Uid:\t1000\t1000\t1000\t1000`; null when there is none. */
export function parseUid(status: string): number | null {
  const match = /^Uid:\s+(\d+)/m.exec(status);
  return match === null ? null : Number(match[1]);
}
