import type { Logger } from '../lib/log/logger.js';
import { type Asker, VIGIL } from './asker.js';
import type { Opened } from './engine/engine.js';
import { type EngineError, engineError } from './engine/error.js';
import { FairMutex } from './fair-mutex.js';
import type { StoreHealth } from './health.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';
import { Queue } from './queue.js';
import { Recovery } from './recovery.js';
import type { Runner } from './runner.js';
import { withTimeout } from './with-timeout.js';

/** So many rows are not left waiting for the clock. */
const BATCH = 256;
const MAX_SLICES = 2_000;
/** A disk that does not answer for so long is said to hang. */
const HANGS_MS = 10_000;
/** How long vigil's start waits for the database: checking a large one on a slow disk takes seconds. */
const OPENING_MS = 10_000;
/** How long somebody who wants an answer waits for a disk that hangs. */
const PATIENCE_MS = 3_000;

export interface DatabaseWriterOptions {
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
export class DatabaseWriter {
  private readonly queue = new Queue();
  private readonly turns: FairMutex;
  private readonly database: Recovery;
  /** So many rows at a time: one, after they ended the thread. */
  private batch = BATCH;
  private stopped = false;
  private bytes: number | null = null;
  private lastWrite_ms: number | null = null;
  /** The one that waits for its turn, and whether somebody wants it on the disk. */
  private nextFlush: Promise<boolean> | null = null;
  private durably = false;
  /** Something was written that a crash of the machine could still take. */
  private unsynced = false;
  private maintaining = false;
  /** Null: as the database was opened for. */
  private retention_ms: number | null = null;

  constructor(private readonly options: DatabaseWriterOptions) {
    this.turns = new FairMutex(options.now);
    const onOpen = (opened: Opened) => {
      for (const operation of options.onOpen(opened)) this.queue.push(operation);
    };
    this.database = new Recovery({ ...options, onOpen });
  }

  /** Opens the database; when that fails, it goes on in memory and tries again. */
  async start(): Promise<void> {
    await withTimeout(
      this.turns.take(() => this.database.ready(false)),
      OPENING_MS,
      false,
    );
  }

  /** Writes what waits and closes. */
  async stop(): Promise<void> {
    this.stopped = true;
    await withTimeout(this.flush(), PATIENCE_MS, false);
    await this.database.close();
  }

  push(operation: Operation): void {
    this.queue.push(operation);
    if (this.queue.size % BATCH === 0 && this.database.problem === null) void this.flush();
  }

  /**
   * True: it is on the disk. False: it waits in memory and is gone if vigil ends now, or it can never be written.
   * Answers within 3 s, also when the disk hangs.
   */
  async write(operation: Operation): Promise<boolean> {
    this.push(operation);
    return (await this.sync()) && !this.queue.isLost(operation);
  }

  /** The same of everything that was handed in before. */
  sync(): Promise<boolean> {
    return withTimeout(this.flush(true), PATIENCE_MS, false);
  }

  /**
   * Null: the history cannot be read now; `health()` says why, unless it is that too many ask. What was handed in
   * before is in the answer: writing goes first.
   */
  query<N extends QueryName>(
    name: N,
    args: QueryArguments<N>,
    asker: Asker = VIGIL,
  ): Promise<QueryResult<N> | null> {
    if (this.hanging() !== null) return Promise.resolve(null);
    void this.flush();
    return this.turns.ask(
      async () => {
        if (!this.database.isOpen) return null;
        try {
          return await this.options.runner.query(name, args);
        } catch (error) {
          await this.database.failed(error);
          return null;
        }
      },
      PATIENCE_MS,
      asker,
    );
  }

  /** Writes what waits. True: nothing waits any more; `durably`: and it is on the disk. */
  flush(durably = false): Promise<boolean> {
    this.durably ||= durably;
    // Whatever the disk is at: no more than one waits for its turn.
    this.nextFlush ??= this.turns.take(() => {
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
        if (!(await this.turns.take(() => this.maintainSlice()))) return;
        await new Promise(resolve => setImmediate(resolve));
      }
    } finally {
      this.maintaining = false;
    }
  }

  health(): StoreHealth {
    const { path, movedAside } = this.database;
    const problem = this.database.problem ?? this.hanging();
    return {
      state: problem === null ? 'written' : 'memory',
      problem,
      moved_aside: movedAside,
      path,
      bytes: this.bytes,
      max_bytes: this.options.max_bytes,
      queued: this.queue.size,
      lost: this.queue.lost,
      last_write_ms: this.lastWrite_ms,
    };
  }

  private hanging(): string | null {
    const busy_ms = this.turns.busy_ms();
    if (busy_ms < HANGS_MS) return null;
    return `${this.database.path}: the disk has not answered for ${Math.round(busy_ms / 1000)} s`;
  }

  private async writeAll(durably: boolean): Promise<boolean> {
    if (!(await this.database.ready(this.stopped))) return false;
    // It may have been written by now, and not yet be on the disk.
    if (durably && this.unsynced && this.queue.size === 0) this.queue.push({ type: 'sync' });
    while (this.queue.size > 0) {
      if (!(await this.writeBatch(this.queue.take(this.batch), durably))) return false;
    }
    return true;
  }

  private async writeBatch(batch: Operation[], durably: boolean): Promise<boolean> {
    try {
      await this.options.runner.apply(batch, durably);
      this.unsynced = !durably;
      this.batch = Math.min(BATCH, 2 * this.batch);
      this.lastWrite_ms = this.options.now();
      this.database.succeeded({ queued: this.queue.size, lost: this.queue.lost });
      return true;
    } catch (cause) {
      const error = engineError(cause, this.database.path);
      if (error.trouble === 'row') return this.writeSingly(batch, durably, error);
      // A row that ends the thread would do so each time: it is found by itself, and given up.
      const isCulprit = error.trouble === 'crashed' && batch.length === 1;
      if (isCulprit) this.giveUp(batch[0]!, error);
      else this.queue.putBack(batch);
      if (error.trouble === 'crashed') this.batch = 1;
      // A new database takes them at once.
      return (await this.database.failed(error)) && this.queue.size > 0;
    }
  }

  /** One of them is at fault: the others are written. */
  private async writeSingly(batch: Operation[], durably: boolean, error: EngineError): Promise<boolean> {
    const [only] = batch;
    if (only !== undefined && batch.length === 1) {
      this.giveUp(only, error);
      return true;
    }
    const middle = Math.ceil(batch.length / 2);
    const rest = batch.slice(middle);
    if (await this.writeBatch(batch.slice(0, middle), durably)) return this.writeBatch(rest, durably);
    this.queue.putBack(rest);
    return false;
  }

  private giveUp(operation: Operation, { message: reason }: EngineError): void {
    this.queue.lose(operation);
    this.options.logger.error({ row: operation.type, reason }, 'a row of the history cannot be written');
  }

  private async maintainSlice(): Promise<boolean> {
    if (!this.database.isOpen || this.database.problem !== null) return false;
    try {
      const { more, bytes } = await this.options.runner.maintain(this.options.now(), this.retention_ms);
      this.bytes = bytes;
      return more;
    } catch (error) {
      await this.database.failed(error);
      return false;
    }
  }
}
