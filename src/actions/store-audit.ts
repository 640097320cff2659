import type { ActionRecord, ActionResult, AuditLog, Fate } from '../model/action.js';
import { bounded, shortened } from '../store/bounded.js';
import type { Store } from '../store/store.js';
import { targetsOf } from './plan/merge.js';
import { describeRequester } from './requester.js';

type AuditStore = Pick<Store, 'nextActionId' | 'writeAction'>;
type StoredAction = Parameters<Store['writeAction']>[0];

/** Records of results that are still to come, at most; one run of `auto` and some persons are far below. */
const MAX_OPEN = 1000;
/** It names each process. */
const MAX_TEXT_CHARS = 4_000;

/** The audit in the history's database: a row when it begins, completed when it ends. */
export class StoreAudit implements AuditLog {
  private readonly open = new Map<number, StoredAction>();

  constructor(private readonly store: AuditStore) {}

  async begin(record: ActionRecord): Promise<number> {
    if (this.open.size >= MAX_OPEN) throw new Error('too many actions are under way');
    const id = this.store.nextActionId();
    const row = rowOf(id, record);
    if (!(await this.store.writeAction(row))) {
      // It may still be written later: then it must not look as if something had been begun.
      void this.store.writeAction({ ...row, result: 'refused: not recorded in time, so nothing was done' });
      throw new Error('the history cannot be written');
    }
    this.open.set(id, row);
    return id;
  }

  async finish(id: number, result: ActionResult): Promise<void> {
    const row = this.open.get(id);
    if (row === undefined) return;
    this.open.delete(id);
    const after = { facts: result.after, ...outcomesOf(result.processes), ended_ms: result.time_ms };
    const written = await this.store.writeAction({
      ...row,
      after,
      result: `${result.outcome}: ${result.message}`,
    });
    if (!written) throw new Error('the history cannot be written now');
  }
}

/** What became of how many, and of which, as far as there is room. */
function outcomesOf(processes: ActionResult['processes']) {
  const fates: Partial<Record<Fate, number>> = {};
  for (const { fate } of processes) fates[fate] = (fates[fate] ?? 0) + 1;
  const named = bounded(
    processes,
    ({ process }) => process.uid,
    one => ({ ...one, process: shortened(one.process) }),
  );
  return { fates, processes: named };
}

function rowOf(id: number, record: ActionRecord): StoredAction {
  const { time_ms, mode, alert_id, steps, rule, risk, reason, text, dry_run, evidence, session } = record;
  const restart = steps.find(step => step.kind === 'restart_service');
  return {
    id,
    time_ms,
    mode,
    requested_by: describeRequester(record.requester),
    alert_id,
    what: record.type,
    targets: targetsOf(steps),
    argv: restart?.argv ?? null,
    evidence: { rule, risk, reason, text: text.slice(0, MAX_TEXT_CHARS), dry_run, session, facts: evidence },
    before: record.before,
    after: null,
    result: null,
  };
}
