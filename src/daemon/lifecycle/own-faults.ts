import type { FaultLog } from '../../lib/log/faults.js';
import { now } from '../../lib/time/time.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { Viewer } from '../../model/viewer.js';
import type { CrashRecord } from './crash-record.js';

/** Errors of vigil's own, as it shows them: their words are for who sees everything. */
export class OwnFaults implements Module {
  readonly name = 'faults';

  constructor(
    private readonly faults: FaultLog,
    private readonly crashes: CrashRecord,
  ) {}

  health(viewer: Viewer): ModuleHealth {
    const isShown = viewer.kind === 'all';
    return { problems: isShown ? [...this.faults.problems(), ...this.crashes.problems(now())] : [] };
  }
}
