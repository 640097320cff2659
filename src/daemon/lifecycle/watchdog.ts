import type { Logger } from '../../lib/log/logger.js';
import type { Module } from '../../model/module.js';
import type { ServiceManager } from './systemd.js';

/** Without a watchdog only the status line is kept up to date. */
const STATUS_MS = 10_000;
/** So many signs of life in systemd's patience: one that comes late, on a machine with no CPU to spare, is late enough. */
const SIGNS = 6;

export interface WatchdogOptions {
  /** For `systemctl status`, one line. */
  status(): string;
  /** What is wrong that a restart would mend, in words; null while all is well. */
  failure(): string | null;
  logger: Logger;
}

/**
 * Signs of life for systemd, from the event loop that does the work: a loop that hangs sends none, and one
 * that knows of a failure withholds them. Then systemd kills and restarts the daemon.
 */
export class Watchdog implements Module {
  readonly name = 'watchdog';
  private timer: NodeJS.Timeout | null = null;
  private told: string | null = null;
  private failing = false;

  constructor(
    /** Null: systemd does not wait for us. */
    private readonly manager: ServiceManager | null,
    private readonly options: WatchdogOptions,
  ) {}

  /** Says that the daemon is ready; the unit's dependants start now. */
  start(): void {
    const { manager } = this;
    if (manager === null) return;
    this.told = this.options.status();
    if (!manager.notify({ READY: '1', STATUS: this.told }))
      this.options.logger.warn('cannot tell systemd that the daemon is ready');
    const { watchdog_ms } = manager;
    this.timer = setInterval(
      () => this.tick(manager),
      watchdog_ms === null ? STATUS_MS : watchdog_ms / SIGNS,
    );
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.manager?.notify({ STOPPING: '1', STATUS: 'stopping' });
  }

  private tick(manager: ServiceManager): void {
    const failure = this.options.failure();
    if (failure !== null && !this.failing && manager.watchdog_ms !== null)
      this.options.logger.error({ failure }, 'no more signs of life for systemd, which restarts the daemon');
    this.failing = failure !== null;
    const status = failure ?? this.options.status();
    const fields: Record<string, string> = {};
    if (failure === null && manager.watchdog_ms !== null) fields.WATCHDOG = '1';
    if (status !== this.told) fields.STATUS = status;
    if (Object.keys(fields).length > 0 && manager.notify(fields)) this.told = status;
  }
}
