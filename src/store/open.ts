import type { Logger } from '../lib/log/logger.js';
import { readBootId } from '../lib/os/boot-id.js';
import type { Figure } from '../model/figure.js';
import { DatedRunner } from './dated-runner.js';
import { Dates, type WallClock } from './dates.js';
import { DirectRunner } from './runner.js';
import { Store } from './store.js';
import { ThreadRunner } from './thread/thread-runner.js';

export interface OpenStoreOptions {
  /** Of vigil's state: the database is `vigil.db` in it. */
  directory: string;
  logger: Logger;
  now: () => number;
  retention_hours: number;
  snapshot_interval_s: number;
  /** Of the database with its log. */
  max_bytes: number;
  /** What is kept of each snapshot of the machine. */
  figures: readonly Figure[];
  flush_ms?: number;
  maintain_ms?: number;
  retry_ms?: number;
  boot_id?: string;
  /** What rows are dated by; without it by `now`. */
  wall?: WallClock;
  /** False: the database works in the calling thread. Sources that are not compiled can do nothing else. */
  thread?: boolean;
}

/** As `createStore`, and started. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const store = createStore(options);
  await store.start();
  return store;
}

/** Its `start` never fails: without a usable database the store works in memory, says so, and tries again. */
export function createStore(options: OpenStoreOptions): Store {
  const { directory, logger, now, max_bytes } = options;
  const engine = {
    directory,
    max_bytes,
    retention_ms: options.retention_hours * 3_600_000,
    boot_id: options.boot_id ?? readBootId(),
  };
  const times = {
    snapshot_interval_ms: options.snapshot_interval_s * 1000,
    flush_ms: options.flush_ms ?? 5_000,
    maintain_ms: options.maintain_ms ?? 60_000,
    retry_ms: options.retry_ms ?? 10_000,
  };
  const thread = options.thread ?? import.meta.url.endsWith('.js');
  const runner = thread ? new ThreadRunner(engine) : new DirectRunner(engine);
  const { wall } = options;
  const dated = wall && new DatedRunner(runner, new Dates(wall), now, engine.retention_ms);
  return new Store(dated ?? runner, logger, now, times, max_bytes, directory, options.figures);
}
