import type { Config } from '../config/schema.js';
import type { Logger } from '../log/logger.js';

/** What `vigil daemon` hands to the daemon. */
export interface DaemonOptions {
  config: Config;
  /** Null: there is no file, the defaults hold. */
  configPath: string | null;
  runtimeDir: string;
  stateDir: string;
  /** A file that receives everything that was observed, for `vigil replay`. */
  record: string | null;
  logger: Logger;
}
