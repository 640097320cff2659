import type { Logger } from '../../lib/log/logger.js';
import type { Tier } from './health.js';

/** As much of the logger as the sensor needs. */
export type SensorLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export interface SensorOptions {
  logger: SensorLogger;
  /** Folder of the .bt programs. */
  bpfDir: string;
  /** The process that calls `watch()`; the terminal program listens to this one only. */
  daemonPid: number;
  /** bpftrace to use instead of looking in the usual places: an absolute path. */
  bpftracePath?: string;
  /** Lines of /proc/kallsyms, for where that itself is closed: see `Addresses`. */
  symbolsFile?: string;
  /** Where the answers of bpftrace are kept from one start to the next; nowhere when left out. */
  answersFile?: string;
  /** Where the bpftrace that runs are written down, for the next start to end what is left; nowhere when left out. */
  childrenFile?: string;
  /** Skip the choice of the tier. */
  forceTier?: Tier;
}
