import type { Transition } from '../agents/model.js';
import type { Alert } from '../alerts/alert.js';
import type { ActionRecord, BaselineRecord, DiagnosisRecord, WhitelistRow } from './records.js';
import type { Sample } from './sample/sample.js';

/** One thing to be written. Plain data: it waits in a queue and crosses into a thread. */
export type Operation =
  | { type: 'sample'; sample: Sample }
  | { type: 'transition'; transition: Transition }
  | { type: 'alert'; alert: Alert }
  | { type: 'action'; action: ActionRecord }
  | { type: 'diagnosis'; diagnosis: DiagnosisRecord }
  | { type: 'baseline'; baseline: BaselineRecord; time_ms: number }
  | { type: 'whitelist_add'; row: WhitelistRow }
  | { type: 'whitelist_remove'; pattern: string; match_type: WhitelistRow['match_type'] };
