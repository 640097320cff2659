import type { Transition } from '../agents/model.js';
import type { Alert } from '../alerts/alert.js';
import type { Snapshot } from '../collectors/snapshot.js';
import type { Logger } from '../log/logger.js';
import { EngineError, engineError } from './engine/error.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';
import { Queue } from './queue.js';
import type { ActionRecord, DiagnosisRecord, WhitelistRow } from './records.js';
import type { Runner } from './runner.js';
import { sampleOf } from './sample/sample.js';
import { Whitelist } from './whitelist.js';

export interface StoreTimes {
  /** A snapshot is kept when the one kept before it is so old. */
  snapshot_interval_ms: number;
  /** What a crash of vigil can lose. */
  flush_ms: number;
  maintain_ms: number;
  /** How long after a failure it is tried again. */
  retry_ms: number;
}

/** For `vigil health`. */
export interface StoreHealth {
  /** `memory`: rows wait until the database can be written; `off`: by configuration. */
  state: 'written' | 'memory' | 'off';
  /** Why, and what to do; null: nothing is wrong. */
  problem: string | null;
  /** Where the last damaged database is now. */
  moved_aside: string | null;
  path: string;
  bytes: number | null;
  max_bytes: number;
  queued: number;
  /** Rows that had to be given up since the start: no room in memory, or at fault themselves. */
  lost: number;
  last_write_ms: number | null;
}

/** So many rows are not left waiting for the clock. */
const BATCH = 256;
const MAX_SLICES = 2_000;
/** A disk that does not answer for so long is said to hang. */
const HANGS_MS = 10_000;
/** How long somebody who wants an answer waits for a disk that hangs. */
const PATIENCE_MS = 3_000;

/**
 * The history. Handing something in never waits and never fails: it is queued, and written in batches.
 * What cannot be written waits in memory, within bounds, until it can.
 */
export class Store {
  private readonly queue = new Queue();
  private readonly list = new Whitelist();
  private open = false;
  private stopped = false;
  private problem: string | null = null;
  private movedAside: string | null = null;
  private path: string;
  private bytes: number | null = null;
  private lastWrite_ms: number | null = null;
  private lastSample_ms = Number.NEGATIVE_INFINITY;
  private retryAt_ms = Number.NEGATIVE_INFINITY;
  private alertId = 0;
  private actionId = 0;
  private timers: NodeJS.Timeout[] = [];
  /** One thing at a time. */
  private last: Promise<unknown> = Promise.resolve();
  private maintaining = false;
  /** Since when the engine has been at one thing. */
  private busySince_ms: number | null = null;

  constructor(
    private readonly runner: Runner,
    private readonly logger: Logger,
    private readonly now: () => number,
    private readonly times: StoreTimes,
    private readonly max_bytes: number,
    directory: string,
    /** Nothing is kept, by configuration: ids and the whitelist work until vigil ends. */
    private readonly off = false,
  ) {
    this.path = directory;
  }

  /** Opens the database; when that fails, it goes on in memory and tries again. */
  async start(): Promise<void> {
    await this.inTurn(() => this.ready());
    const every = (ms: number, work: () => void) => this.timers.push(setInterval(work, ms).unref());
    every(this.times.flush_ms, () => void this.flush());
    every(this.times.maintain_ms, () => void this.maintain());
  }

  /** Writes what waits and closes. */
  async stop(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    this.stopped = true;
    await within(this.flush(), PATIENCE_MS, false);
    await this.runner.close();
    this.open = false;
  }

  /** Called with every snapshot; keeps one per interval. Nothing of it is held on to. */
  addSnapshot(snapshot: Snapshot): void {
    const since_ms = snapshot.time_ms - this.lastSample_ms;
    // Timers are a little early or late. A clock that went back begins anew.
    if (since_ms >= 0 && since_ms < this.times.snapshot_interval_ms * 0.9) return;
    this.lastSample_ms = snapshot.time_ms;
    this.push({ type: 'sample', sample: sampleOf(snapshot) });
  }

  addTransition(transition: Transition): void {
    this.push({ type: 'transition', transition });
  }

  /** Opened, updated or resolved: the alert as it is now. */
  putAlert(alert: Alert): void {
    this.push({ type: 'alert', alert });
  }

  addDiagnosis(diagnosis: DiagnosisRecord): void {
    this.push({ type: 'diagnosis', diagnosis });
  }

  saveBaseline(key: string, hour: number, state: unknown): void {
    this.push({ type: 'baseline', baseline: { key, hour, state }, time_ms: this.now() });
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
    this.queue.push({ type: 'action', action });
    return within(this.flush(true), PATIENCE_MS, false);
  }

  whitelist(): readonly WhitelistRow[] {
    return this.list.rows();
  }

  /** The entry; the one that is there already when pattern and type are the same. Null: there are too many. */
  addToWhitelist(entry: Pick<WhitelistRow, 'pattern' | 'match_type' | 'reason'>): WhitelistRow | null {
    const { row, added } = this.list.add(entry, this.now());
    if (added && row !== null) {
      this.queue.push({ type: 'whitelist_add', row });
      void this.flush(true);
    }
    return row;
  }

  /** Null: there is no such entry. */
  removeFromWhitelist(id: number): WhitelistRow | null {
    const row = this.list.remove(id);
    if (row !== null) {
      this.queue.push({ type: 'whitelist_remove', pattern: row.pattern, match_type: row.match_type });
      void this.flush(true);
    }
    return row;
  }

  /** Null: the history cannot be read now; `health()` says why. What was handed in before is in the answer. */
  query<N extends QueryName>(name: N, ...args: QueryArguments<N>): Promise<QueryResult<N> | null> {
    void this.flush();
    const answer = this.inTurn(async () => {
      if (!this.open || this.off) return null;
      try {
        return await this.runner.query(name, args);
      } catch (error) {
        await this.failed(engineError(error, this.path));
        return null;
      }
    });
    return within(answer, PATIENCE_MS, null);
  }

  /** Writes what waits. True: nothing waits any more; `durably`: and it is on the disk. */
  flush(durably = false): Promise<boolean> {
    return this.inTurn(async () => {
      if (!(await this.ready())) return false;
      while (this.queue.size > 0) {
        if (!(await this.writeBatch(this.queue.take(BATCH), durably))) return false;
      }
      return true;
    });
  }

  /** Thins, deletes and gives room back, with pauses in which others have their turn. */
  async maintain(): Promise<void> {
    if (this.maintaining) return;
    this.maintaining = true;
    try {
      for (let slice = 0; slice < MAX_SLICES && !this.stopped; slice++) {
        if (!(await this.inTurn(() => this.maintainSlice()))) return;
        await new Promise(resolve => setImmediate(resolve));
      }
    } finally {
      this.maintaining = false;
    }
  }

  health(): StoreHealth {
    const problem = this.problem ?? this.hanging();
    return {
      state: this.off ? 'off' : problem === null ? 'written' : 'memory',
      problem,
      moved_aside: this.movedAside,
      path: this.path,
      bytes: this.bytes,
      max_bytes: this.max_bytes,
      queued: this.queue.size,
      lost: this.queue.lost,
      last_write_ms: this.lastWrite_ms,
    };
  }

  private push(operation: Operation): void {
    this.queue.push(operation);
    if (this.queue.size % BATCH === 0 && this.problem === null) void this.flush();
  }

  private hanging(): string | null {
    const busy_ms = this.busySince_ms === null ? 0 : this.now() - this.busySince_ms;
    if (busy_ms < HANGS_MS) return null;
    return `${this.path}: the disk has not answered for ${Math.round(busy_ms / 1000)} s`;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      this.busySince_ms = this.now();
      try {
        return await work();
      } finally {
        this.busySince_ms = null;
      }
    });
    this.last = result.catch(() => {});
    return result;
  }

  /** Opens the database unless it is open, or it is too early to try again. */
  private async ready(): Promise<boolean> {
    if (this.problem !== null && !this.stopped && this.now() < this.retryAt_ms) return false;
    if (this.open) return true;
    try {
      await this.reopen();
      return true;
    } catch (error) {
      return this.failed(engineError(error, this.path));
    }
  }

  private async reopen(): Promise<void> {
    const found = await this.runner.open();
    this.open = true;
    this.path = found.path;
    this.alertId = Math.max(this.alertId, found.last_alert_id);
    this.actionId = Math.max(this.actionId, found.last_action_id);
    // What was added meanwhile, or was in a database that is gone, goes into this one.
    for (const row of this.list.merge(found.whitelist, found.last_whitelist_id)) {
      this.queue.push({ type: 'whitelist_add', row });
    }
  }

  private async writeBatch(batch: Operation[], durably: boolean): Promise<boolean> {
    try {
      await this.runner.apply(batch, durably);
      this.written();
      return true;
    } catch (cause) {
      const error = engineError(cause, this.path);
      if (error.trouble === 'row') return this.writeSingly(batch, durably, error);
      this.queue.putBack(batch);
      // A new database takes them at once.
      return (await this.failed(error)) && this.queue.size > 0;
    }
  }

  /** One of them is at fault: the others are written. */
  private async writeSingly(batch: Operation[], durably: boolean, error: EngineError): Promise<boolean> {
    const [only] = batch;
    if (batch.length === 1) {
      this.queue.lost++;
      this.logger.error({ row: only?.type, reason: error.message }, 'a row of the history cannot be written');
      return true;
    }
    const middle = Math.ceil(batch.length / 2);
    const rest = batch.slice(middle);
    if (await this.writeBatch(batch.slice(0, middle), durably)) return this.writeBatch(rest, durably);
    this.queue.putBack(rest);
    return false;
  }

  private async maintainSlice(): Promise<boolean> {
    if (!this.open || this.problem !== null) return false;
    try {
      const { more, bytes } = await this.runner.maintain(this.now());
      this.bytes = bytes;
      return more;
    } catch (error) {
      await this.failed(engineError(error, this.path));
      return false;
    }
  }

  private written(): void {
    this.lastWrite_ms = this.now();
    if (this.problem !== null) {
      this.logger.info({ queued: this.queue.size, lost: this.queue.lost }, 'the history is written again');
    }
    this.problem = null;
  }

  /** True: it can go on at once, with a new database. */
  private async failed(error: EngineError): Promise<boolean> {
    if (error.trouble === 'row') {
      this.logger.error({ reason: error.message }, 'a question to the history failed');
      return this.open;
    }
    if (error.trouble === 'corrupt') {
      const second = await this.beginAnew(error);
      if (second === null) return true;
      return this.wait(second);
    }
    return this.wait(error);
  }

  /** In memory, until it is tried again. */
  private async wait(error: EngineError): Promise<false> {
    // A full disk leaves the database as it is; after anything else it is opened again.
    if (error.trouble !== 'full') {
      this.open = false;
      await this.runner.close().catch(() => {});
    }
    if (this.problem !== error.message) {
      this.logger.warn({ reason: error.message }, 'the history is kept in memory until it can be written');
    }
    this.problem = error.message;
    this.retryAt_ms = this.now() + this.times.retry_ms;
    return false;
  }

  /** Null: a new database is open. */
  private async beginAnew(error: EngineError): Promise<EngineError | null> {
    this.open = false;
    try {
      const moved_to = await this.runner.moveAside(this.now());
      this.movedAside = moved_to;
      const reason = error.message;
      this.logger.error(
        { reason, moved_to },
        'the history was damaged: it was moved aside, and a new one begins',
      );
      await this.reopen();
      return null;
    } catch (second) {
      const { trouble, message } = engineError(second, this.path);
      return new EngineError(trouble, `${error.message}; no new history can begin: ${message}`);
    }
  }
}

async function within<T>(work: Promise<T>, ms: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>(resolve => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
