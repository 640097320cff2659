import type { Transition } from '../model/agent.js';
import type { Alert } from '../model/alert.js';
import type { Redating } from './dates.js';
import type { BaselineRecord, DiagnosisRecord, StoredAction, WhitelistRow } from './records.js';
import type { Sample } from './sample/sample.js';

/** One thing to be written. Plain data: it waits in a queue and crosses into a thread. */
export type Operation =
  | { type: 'sample'; sample: Sample }
  | { type: 'transition'; transition: Transition }
  | { type: 'alert'; alert: Alert }
  | { type: 'action'; action: StoredAction }
  /** Those up to this id that have no result: nobody is at them any more. */
  | { type: 'actions_interrupted'; up_to_id: number }
  /** Nothing but a reason to bring everything before it to the disk. */
  | { type: 'sync' }
  | { type: 'diagnosis'; diagnosis: DiagnosisRecord }
  | { type: 'baseline'; baseline: BaselineRecord; time_ms: number }
  | { type: 'redate'; redating: Redating }
  | { type: 'whitelist_add'; row: WhitelistRow }
  | { type: 'whitelist_remove'; pattern: string; match_type: WhitelistRow['match_type'] };
