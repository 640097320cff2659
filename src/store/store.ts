import type { Logger } from '../lib/log/logger.js';
import type { Transition } from '../model/agent.js';
import type { Alert } from '../model/alert.js';
import type { Figure } from '../model/figure.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Asker } from './asker.js';
import { boundedAction, boundedAlert, boundedDiagnosis } from './bounded.js';
import { DatabaseWriter } from './database-writer.js';
import type { Opened } from './engine/engine.js';
import type { StoreHealth } from './health.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';
import type { ActionRecord, DiagnosisRecord, WhitelistRow } from './records.js';
import { RowQuota } from './row-quota.js';
import type { Runner } from './runner.js';
import { sampleOf } from './sample/sample.js';
import { Whitelist } from './whitelist.js';

/** Of one user in an hour: more than agents that work and machines in trouble have, and yet no flood. */
const TRANSITIONS_PER_HOUR = 3_600;
const ALERTS_PER_HOUR = 240;

export interface StoreTimes {
  /** A snapshot is kept when the one kept before it is so old. */
  snapshot_interval_ms: number;
  /** What a crash of vigil can lose. */
  flush_ms: number;
  maintain_ms: number;
  /** How long after a failure it is tried again. */
  retry_ms: number;
}

export interface WhitelistChange {
  row: WhitelistRow;
  /** True: the change is on the disk; false: it holds as long as vigil runs, and is written when that can be done. */
  written: Promise<boolean>;
}

/**
 * The history. Handing something in never waits and never fails: it is queued, and written in batches.
 * What cannot be written waits in memory, within bounds, until it can.
 */
export class Store {
  private readonly writer: DatabaseWriter;
  private readonly list = new Whitelist();
  private readonly transitions = new RowQuota(TRANSITIONS_PER_HOUR);
  private readonly alerts = new RowQuota(ALERTS_PER_HOUR);
  /** Open alerts that were one too many: nothing of them is written. */
  private readonly unwritten = new Set<number>();
  private lastSample_ms = Number.NEGATIVE_INFINITY;
  private alertId = 0;
  private actionId = 0;
  private wasOpen = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(
    runner: Runner,
    logger: Logger,
    private readonly now: () => number,
    private times: StoreTimes,
    max_bytes: number,
    directory: string,
    private readonly figures: readonly Figure[] = [],
  ) {
    const { retry_ms } = times;
    const onOpen = (opened: Opened) => this.opened(opened);
    this.writer = new DatabaseWriter({ runner, logger, now, retry_ms, max_bytes, directory, onOpen });
  }

  /** Opens the database; when that fails, it goes on in memory and tries again. */
  async start(): Promise<void> {
    await this.writer.start();
    const every = (ms: number, work: () => void) => this.timers.push(setInterval(work, ms).unref());
    every(this.times.flush_ms, () => void this.flush());
    every(this.times.maintain_ms, () => void this.maintain());
  }

  /** Writes what waits and closes. */
  async stop(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await this.writer.stop();
  }

  /** Counts from the next snapshot, and the next time that old rows are looked for. */
  configure({
    retention_hours,
    snapshot_interval_s,
  }: {
    retention_hours: number;
    snapshot_interval_s: number;
  }): void {
    this.times = { ...this.times, snapshot_interval_ms: snapshot_interval_s * 1000 };
    this.writer.keepFor(retention_hours * 3_600_000);
  }

  /** Called with every snapshot; keeps one per interval. Nothing of it is held on to. */
  addSnapshot(snapshot: Snapshot): void {
    const since_ms = snapshot.time_ms - this.lastSample_ms;
    // Timers are a little early or late. A clock that went back begins anew.
    if (since_ms >= 0 && since_ms < this.times.snapshot_interval_ms * 0.9) return;
    this.lastSample_ms = snapshot.time_ms;
    this.writer.push({ type: 'sample', sample: sampleOf(snapshot, this.figures) });
  }

  /** `uid`: whose agent it is. */
  addTransition(transition: Transition, uid: number | null = null): void {
    if (!this.transitions.take(uid, this.now())) return;
    this.writer.push({ type: 'transition', transition });
  }

  /** Opened, updated or resolved: the alert as it is now. */
  putAlert(alert: Alert): void {
    const { id, status, subject, opened_ms, updated_ms } = alert;
    const isNew = status === 'open' && updated_ms === opened_ms;
    if (isNew && !this.alerts.take(subject.uid, this.now())) this.unwritten.add(id);
    if (this.unwritten.has(id)) {
      if (status !== 'open') this.unwritten.delete(id);
      return;
    }
    this.writer.push({ type: 'alert', alert: boundedAlert(alert) });
  }

  addDiagnosis(diagnosis: DiagnosisRecord): void {
    this.writer.push({ type: 'diagnosis', diagnosis: boundedDiagnosis(diagnosis) });
  }

  saveBaseline(key: string, hour: number, state: unknown): void {
    this.writer.push({ type: 'baseline', baseline: { key, hour, state }, time_ms: this.now() });
  }

  /** For `Alert.id`: counts on where the history ends. */
  nextAlertId(): number {
    return ++this.alertId;
  }

  /** For `ActionRecord.id`. */
  nextActionId(): number {
    return ++this.actionId;
  }

  /**
   * True: it is on the disk. False: it waits in memory and is gone if vigil ends now. Answers within 3 s, also
   * when the disk hangs.
   */
  writeAction(action: ActionRecord): Promise<boolean> {
    return this.writer.write({ type: 'action', action: boundedAction(action) });
  }

  /** The same of everything that was handed in before. */
  sync(): Promise<boolean> {
    return this.writer.sync();
  }

  whitelist(): readonly WhitelistRow[] {
    return this.list.rows();
  }

  /** The entry; the one that is there already when pattern and type are the same. Null: there are too many. */
  addToWhitelist(entry: Pick<WhitelistRow, 'pattern' | 'match_type' | 'reason'>): WhitelistChange | null {
    const { row, added } = this.list.add(entry, this.now());
    if (row === null) return null;
    const written = added ? this.writer.write({ type: 'whitelist_add', row }) : this.writer.sync();
    return { row, written };
  }

  /** Null: there is no such entry. */
  removeFromWhitelist(id: number): WhitelistChange | null {
    const row = this.list.remove(id);
    if (row === null) return null;
    const { pattern, match_type } = row;
    return { row, written: this.writer.write({ type: 'whitelist_remove', pattern, match_type }) };
  }

  /** Null: the history cannot be read now; `health()` says why. What was handed in before is in the answer. */
  query<N extends QueryName>(name: N, ...args: QueryArguments<N>): Promise<QueryResult<N> | null> {
    return this.writer.query(name, args);
  }

  /** The same for somebody at the socket: in his turn, and charged to him. */
  queryFor<N extends QueryName>(
    asker: Asker,
    name: N,
    ...args: QueryArguments<N>
  ): Promise<QueryResult<N> | null> {
    return this.writer.query(name, args, asker);
  }

  /** Writes what waits. True: nothing waits any more; `durably`: and it is on the disk. */
  flush(durably = false): Promise<boolean> {
    return this.writer.flush(durably);
  }

  /** Thins, deletes, gives room back. */
  maintain(): Promise<void> {
    return this.writer.maintain();
  }

  health(): StoreHealth {
    const health = this.writer.health();
    return { ...health, lost: health.lost + this.transitions.refused + this.alerts.refused };
  }

  private opened(found: Opened): Operation[] {
    this.alertId = Math.max(this.alertId, found.last_alert_id);
    this.actionId = Math.max(this.actionId, found.last_action_id);
    const operations: Operation[] = [];
    // Of the runs before: of this one's own nobody knows better than those who are at them.
    if (!this.wasOpen) operations.push({ type: 'actions_interrupted', up_to_id: found.last_action_id });
    this.wasOpen = true;
    // What was added meanwhile, or was in a database that is gone, goes into this one.
    const missing = this.list.merge(found.whitelist, found.last_whitelist_id);
    for (const row of missing) operations.push({ type: 'whitelist_add', row });
    return operations;
  }
}
