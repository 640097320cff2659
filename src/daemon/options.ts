import type { ConfigProblem } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { Logger } from '../lib/log/logger.js';

/** What `vigil daemon` hands to the daemon. */
export interface DaemonOptions {
  config: Config;
  /** What in its file will not be right for ever. */
  configWarnings: readonly ConfigProblem[];
  /** Where its file is, or would be. */
  configFile: string;
  /** On the command line, so it must exist. */
  configNamed: boolean;
  /** The level of the log was named there, too: it holds whatever the file says. */
  levelNamed: boolean;
  runtimeDir: string;
  stateDir: string;
  /** A file that receives everything that was observed, for `vigil replay`. */
  record: string | null;
  logger: Logger;
}
