import type { Logger } from '../log/logger.js';
import type { Opened } from './engine/engine.js';
import { EngineError, engineError } from './engine/error.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';
import { Queue } from './queue.js';
import type { Runner } from './runner.js';
import { within } from './within.js';

/** For `vigil health`. */
export interface StoreHealth {
  /** `memory`: rows wait until the database can be written. */
  state: 'written' | 'memory';
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
/** How long vigil's start waits for the database: checking a large one on a slow disk takes seconds. */
const OPENING_MS = 10_000;
/** How long somebody who wants an answer waits for a disk that hangs. */
export const PATIENCE_MS = 3_000;

export interface KeeperOptions {
  runner: Runner;
  logger: Logger;
  now: () => number;
  /** How long after a failure it is tried again. */
  retry_ms: number;
  max_bytes: number;
  directory: string;
  /** What was found, whenever a database was opened; answers what it lacks. */
  onOpen: (opened: Opened) => readonly Operation[];
}

/** Gets operations into the database, whatever happens to it: the queue, the retries, what is said of it. */
export class Keeper {
  private readonly queue = new Queue();
  private path: string;
  private open = false;
  private stopped = false;
  private problem: string | null = null;
  private movedAside: string | null = null;
  private bytes: number | null = null;
  private lastWrite_ms: number | null = null;
  private retryAt_ms = Number.NEGATIVE_INFINITY;
  /** One thing at a time. */
  private last: Promise<unknown> = Promise.resolve();
  /** The one that waits for its turn, and whether somebody wants it on the disk. */
  private nextFlush: Promise<boolean> | null = null;
  private durably = false;
  private maintaining = false;
  /** Null: as the database was opened for. */
  private retention_ms: number | null = null;
  /** Since when the engine has been at one thing. */
  private busySince_ms: number | null = null;

  constructor(private readonly options: KeeperOptions) {
    this.path = options.directory;
  }

  /** Opens the database; when that fails, it goes on in memory and tries again. */
  async start(): Promise<void> {
    await within(
      this.inTurn(() => this.ready()),
      OPENING_MS,
      false,
    );
  }

  /** Writes what waits and closes. */
  async stop(): Promise<void> {
    this.stopped = true;
    await within(this.flush(), PATIENCE_MS, false);
    await this.options.runner.close();
    this.open = false;
  }

  push(operation: Operation): void {
    this.queue.push(operation);
    if (this.queue.size % BATCH === 0 && this.problem === null) void this.flush();
  }

  /** Null: the history cannot be read now; `health()` says why. What was handed in before is in the answer. */
  query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N> | null> {
    if (this.hanging() !== null) return Promise.resolve(null);
    void this.flush();
    const answer = this.inTurn(async () => {
      if (!this.open) return null;
      try {
        return await this.options.runner.query(name, args);
      } catch (error) {
        await this.failed(engineError(error, this.path));
        return null;
      }
    });
    return within(answer, PATIENCE_MS, null);
  }

  /** Writes what waits. True: nothing waits any more; `durably`: and it is on the disk. */
  flush(durably = false): Promise<boolean> {
    this.durably ||= durably;
    // Whatever the disk is at: no more than one waits for its turn.
    this.nextFlush ??= this.inTurn(() => {
      const toDisk = this.durably;
      this.nextFlush = null;
      this.durably = false;
      return this.writeAll(toDisk);
    });
    return this.nextFlush;
  }

  /** Counts the next time that old rows are looked for. */
  keepFor(retention_ms: number): void {
    this.retention_ms = retention_ms;
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
      state: problem === null ? 'written' : 'memory',
      problem,
      moved_aside: this.movedAside,
      path: this.path,
      bytes: this.bytes,
      max_bytes: this.options.max_bytes,
      queued: this.queue.size,
      lost: this.queue.lost,
      last_write_ms: this.lastWrite_ms,
    };
  }

  private hanging(): string | null {
    const busy_ms = this.busySince_ms === null ? 0 : this.options.now() - this.busySince_ms;
    if (busy_ms < HANGS_MS) return null;
    return `${this.path}: the disk has not answered for ${Math.round(busy_ms / 1000)} s`;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      this.busySince_ms = this.options.now();
      try {
        return await work();
      } finally {
        this.busySince_ms = null;
      }
    });
    this.last = result.catch(() => {});
    return result;
  }

  private async writeAll(durably: boolean): Promise<boolean> {
    if (!(await this.ready())) return false;
    while (this.queue.size > 0) {
      if (!(await this.writeBatch(this.queue.take(BATCH), durably))) return false;
    }
    return true;
  }

  /** Opens the database unless it is open, or it is too early to try again. */
  private async ready(): Promise<boolean> {
    if (this.problem !== null && !this.stopped && this.options.now() < this.retryAt_ms) return false;
    if (this.open) return true;
    try {
      await this.reopen();
      return true;
    } catch (error) {
      return this.failed(engineError(error, this.path));
    }
  }

  private async reopen(): Promise<void> {
    const opened = await this.options.runner.open();
    this.open = true;
    this.path = opened.path;
    for (const operation of this.options.onOpen(opened)) this.queue.push(operation);
  }

  private async writeBatch(batch: Operation[], durably: boolean): Promise<boolean> {
    try {
      await this.options.runner.apply(batch, durably);
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
      this.options.logger.error(
        { row: only?.type, reason: error.message },
        'a row of the history cannot be written',
      );
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
      const { more, bytes } = await this.options.runner.maintain(this.options.now(), this.retention_ms);
      this.bytes = bytes;
      return more;
    } catch (error) {
      await this.failed(engineError(error, this.path));
      return false;
    }
  }

  private written(): void {
    this.lastWrite_ms = this.options.now();
    if (this.problem !== null) {
      this.options.logger.info(
        { queued: this.queue.size, lost: this.queue.lost },
        'the history is written again',
      );
    }
    this.problem = null;
  }

  /** True: it can go on at once, with a new database. */
  private async failed(error: EngineError): Promise<boolean> {
    if (error.trouble === 'row') {
      this.options.logger.error({ reason: error.message }, 'a question to the history failed');
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
      await this.options.runner.close().catch(() => {});
    }
    if (this.problem !== error.message) {
      this.options.logger.warn(
        { reason: error.message },
        'the history is kept in memory until it can be written',
      );
    }
    this.problem = error.message;
    this.retryAt_ms = this.options.now() + this.options.retry_ms;
    return false;
  }

  /** Null: a new database is open. */
  private async beginAnew(error: EngineError): Promise<EngineError | null> {
    this.open = false;
    try {
      const moved_to = await this.options.runner.moveAside(this.options.now());
      this.movedAside = moved_to;
      const reason = error.message;
      this.options.logger.error(
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
