import type { Logger } from '../lib/log/logger.js';
import type { Opened } from './engine/engine.js';
import { EngineError, engineError } from './engine/error.js';
import type { Runner } from './runner.js';

export interface RecoveryOptions {
  runner: Runner;
  logger: Logger;
  now: () => number;
  /** How long after a failure it is tried again. */
  retry_ms: number;
  directory: string;
  /** Whenever a database was opened. */
  onOpen: (opened: Opened) => void;
}

/** Whether the database can be used, and what is done when it cannot: try again, or begin a new one. */
export class Recovery {
  /** The folder, until a database was found in it. */
  path: string;
  isOpen = false;
  /** Why nothing can be written, and what to do; null: nothing is wrong. */
  problem: string | null = null;
  /** Where the last damaged database is now. */
  movedAside: string | null = null;
  private retryAt_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RecoveryOptions) {
    this.path = options.directory;
  }

  /** Opens the database unless it is open, or, without `insisting`, it is too early to try again. */
  async ready(insisting: boolean): Promise<boolean> {
    if (this.problem !== null && !insisting && this.options.now() < this.retryAt_ms) return false;
    if (this.isOpen) return true;
    try {
      await this.reopen();
      return true;
    } catch (error) {
      return this.failed(error);
    }
  }

  async close(): Promise<void> {
    await this.options.runner.close();
    this.isOpen = false;
  }

  /** It was written to. `waiting`: for the log, if it had failed before. */
  succeeded(waiting: { queued: number; lost: number }): void {
    if (this.problem !== null) this.options.logger.info(waiting, 'the history is written again');
    this.problem = null;
  }

  /** True: it can go on at once, with a new database. */
  async failed(cause: unknown): Promise<boolean> {
    const error = engineError(cause, this.path);
    if (error.trouble === 'row') {
      this.options.logger.error({ reason: error.message }, 'a question to the history failed');
      return this.isOpen;
    }
    if (error.trouble === 'corrupt') {
      const second = await this.beginAnew(error);
      if (second === null) return true;
      return this.wait(second);
    }
    return this.wait(error);
  }

  private async reopen(): Promise<void> {
    const opened = await this.options.runner.open();
    this.isOpen = true;
    this.path = opened.path;
    this.options.onOpen(opened);
  }

  /** In memory, until it is tried again. */
  private async wait(error: EngineError): Promise<false> {
    // A full disk leaves the database as it is; after anything else it is opened again.
    if (error.trouble !== 'full') {
      this.isOpen = false;
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
    this.isOpen = false;
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
