import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach } from 'vitest';
import { createLogger } from '../../src/lib/log/logger.js';
import { HOST_FIGURES } from '../../src/sources/host/index.js';
import { type OpenStoreOptions, openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { START_MS } from './machine.js';

/** A store in a folder of its own, with a clock that is set by hand and a log that can be read. */
export class Rig {
  readonly directory: string;
  now_ms = START_MS;
  readonly log: string[] = [];
  private stores: Store[] = [];

  constructor(directory?: string) {
    this.directory = directory ?? mkdtempSync(join(tmpdir(), 'vigil-store-'));
    rigs.push(this);
  }

  get path(): string {
    return join(this.directory, 'vigil.db');
  }

  async open(options: Partial<OpenStoreOptions> = {}): Promise<Store> {
    const logger = createLogger({ level: 'info', format: 'json', write: line => this.log.push(line) });
    const store = await openStore({
      directory: this.directory,
      logger,
      now: () => this.now_ms,
      retention_hours: 168,
      snapshot_interval_s: 10,
      max_bytes: 64 * 1024 * 1024,
      boot_id: 'a boot',
      figures: HOST_FIGURES,
      thread: false,
      ...options,
    });
    this.stores.push(store);
    return store;
  }

  /** What another program sees in the database. */
  read<T>(sql: string): T[] {
    const db = new Sqlite(this.path, { readonly: true });
    try {
      return db.prepare<[], T>(sql).all();
    } finally {
      db.close();
    }
  }

  count(table: string): number {
    return this.read<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;
  }

  async end(): Promise<void> {
    for (const store of this.stores) await store.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.end();
});
