import type { Viewer } from './viewer.js';

/**
 * A part of the daemon. It is made with what it needs of the parts before it, and subscribes to the bus itself: from
 * then on it hears, also before it is started. `C`: as much of the configuration as it reads.
 */
export interface Module<C = unknown> {
  /** In words of the code; logs and `vigil health` name it so. */
  readonly name: string;
  /** What can take long heeds the signal; else it is not waited for any more when that is given. */
  start?(signal: AbortSignal): unknown;
  /** Also called when `start` has not ended, or has failed. Afterwards it hears nothing any more. */
  stop?(): unknown;
  /** Of this moment, as far as it is for that viewer. */
  health?(viewer: Viewer): ModuleHealth;
  /** Another configuration; what is the same in it stays as it is. @throws when it cannot live by it: nobody changes */
  configure?(config: C): void;
}

export interface ModuleHealth {
  /** What is missing or wrong, in words for the operator; vigil counts as degraded while there is one. */
  problems: readonly string[];
  /** Figures and states, as JSON: `modules.NAME` of the health report. Without it the module is not listed. */
  report?: Readonly<Record<string, unknown>>;
}
