import type { Logger } from '../lib/log/logger.js';
import type { Signaller } from '../lib/process/signal.js';
import type { AuditLog } from '../model/action.js';
import type { Snapshot } from '../model/snapshot.js';
import type { ActionsConfig } from './config.js';
import type { CommandRunner } from './run/run-command.js';

/** What the engine is made of. Only the first group has no default. */
export interface EngineOptions {
  config: ActionsConfig;
  audit: AuditLog;
  /** The latest one: lineage and sessions are known from it. Null: there is none yet. */
  snapshot(): Snapshot | null;
  /** The group `vigil`, null where there is none. */
  admin_gid: number | null;
  logger: Pick<Logger, 'info' | 'warn'>;

  procRoot?: string;
  /** Whose family is never touched: vigil's own pid. */
  own_pid?: number;
  signaller?: Signaller;
  run?: CommandRunner;
  /** Absolute path; null: there is none. */
  systemctl?: string | null;
  now?(): number;
  sleep?(ms: number): Promise<void>;
}
