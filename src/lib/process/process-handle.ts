import { closeSync, constants, openSync } from 'node:fs';
import { failureOf, readBytes, tryList } from '../files/bounded-read.js';
import { parseUid } from '../os/uid.js';
import { parseStat, type Stat } from '../proc/stat.js';
import type { ProcessIdentity } from './identity.js';

/**
 * Holds on to one process: an open descriptor of its /proc/PID folder. The descriptor stays that process's
 * after it ended and its pid went to somebody else: reading through it then fails (ESRCH), and so does
 * pidfd_send_signal(2), which takes such descriptors.
 */
export class ProcessHandle {
  private open = true;

  constructor(
    readonly ref: ProcessIdentity,
    readonly fd: number,
  ) {}

  /**
   * Null when the process is gone, or was not the one that is meant. Zombies have a stat too. Throws when it
   * cannot be told: then nobody must believe that it is gone.
   */
  stat(): Stat | null {
    const text = this.read('stat');
    const stat = text === null ? null : parseStat(text);
    return stat?.start_ticks === this.ref.start_ticks && stat.pid === this.ref.pid ? stat : null;
  }

  /** The real uid now; null when the process is gone. */
  uid(): number | null {
    return parseUid(this.read('status') ?? '');
  }

  threads(): number[] {
    return this.open ? threadsOf(`/proc/self/fd/${this.fd}/task`) : [];
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    closeSync(this.fd);
  }

  private read(file: string): string | null {
    if (!this.open) return null;
    return orGone(() => readBytes(`/proc/self/fd/${this.fd}/${file}`, HEAD_BYTES).bytes.toString('utf8'));
  }
}

/**
 * Null when the process that is meant is gone: another may have its pid. Throws when that cannot be told, e.g.
 * because no more files can be opened. The caller closes what it holds.
 */
export function holdProcess(ref: ProcessIdentity, root = '/proc'): ProcessHandle | null {
  if (!Number.isInteger(ref.pid) || ref.pid <= 1) return null;
  const fd = orGone(() => openSync(`${root}/${ref.pid}`, constants.O_RDONLY | constants.O_DIRECTORY));
  if (fd === null) return null;
  const handle = new ProcessHandle(ref, fd);
  let held = false;
  try {
    held = handle.stat() !== null;
  } finally {
    if (!held) handle.close();
  }
  return held ? handle : null;
}

/** Of stat and status: what is asked for stands at their beginning. */
const HEAD_BYTES = 2048;
const MAX_THREADS = 65_536;

/** Thread ids of a process; empty when it is gone. */
function threadsOf(taskFolder: string): number[] {
  return tryList(taskFolder, MAX_THREADS)
    .map(Number)
    .filter(tid => Number.isInteger(tid));
}

function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (failureOf(error) === 'gone') return null;
    throw error;
  }
}
