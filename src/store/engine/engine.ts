import type { Database } from 'better-sqlite3';
import type { Operation } from '../operation.js';
import { QUERIES, type QueryArguments, type QueryName, type QueryResult } from '../queries/index.js';
import type { WhitelistRow } from '../records.js';
import { moveAside } from './aside.js';
import { connect, fileIdentity, loadSqlite } from './connection.js';
import { EngineError, engineError } from './error.js';
import { preparePlace } from './place.js';
import { redate } from './redate.js';
import { Retention } from './retention.js';
import { Writer } from './writer.js';

export interface EngineOptions {
  directory: string;
  retention_ms: number;
  max_bytes: number;
  /** /proc/sys/kernel/random/boot_id: a pid and start time mean something within one boot only. */
  boot_id: string;
}

/** What was found in the database. */
export interface Opened {
  path: string;
  /** Highest id of alerts and actions so far. */
  last_alert_id: number;
  last_action_id: number;
  last_whitelist_id: number;
  /** Date of the newest row; null: there is none. */
  newest_ms: number | null;
  whitelist: WhitelistRow[];
}

/** The database itself, synchronous. Every method throws EngineError only; after `row` it can go on. */
export class Engine {
  private db: Database | null = null;
  private path: string;
  private identity: string | null = null;
  private boot = 0;
  private writer: Writer | null = null;
  private retention: Retention | null = null;

  constructor(private readonly options: EngineOptions) {
    this.path = options.directory;
  }

  async open(): Promise<Opened> {
    this.close();
    const Sqlite = await loadSqlite();
    try {
      this.path = preparePlace(this.options.directory);
      const { db, max_pages } = connect(Sqlite, this.path, this.options.max_bytes);
      this.db = db;
      this.identity = fileIdentity(this.path);
      db.prepare('INSERT OR IGNORE INTO boots (boot_id) VALUES (?)').run(this.options.boot_id);
      this.boot = db
        .prepare<[string], number>('SELECT id FROM boots WHERE boot_id = ?')
        .pluck()
        .get(this.options.boot_id)!;
      this.retention = new Retention(db, this.options.retention_ms, max_pages);
      return found(db, this.path);
    } catch (error) {
      this.close();
      throw engineError(error, this.path);
    }
  }

  /** All of them, or none. `durably`: on the disk when this returns. */
  apply(operations: readonly Operation[], durably: boolean): void {
    try {
      this.write(operations, durably);
    } catch (error) {
      if (!(error instanceof EngineError) || error.trouble !== 'full' || !this.makeRoom()) throw error;
      this.write(operations, durably);
    }
  }

  /** True: it was our own limit that was hit, not the disk's, and the oldest rows made room. */
  private makeRoom(): boolean {
    return this.guarded(db => {
      const pages = db.pragma('page_count', { simple: true }) as number;
      const limit = db.pragma('max_page_count', { simple: true }) as number;
      return pages > limit * 0.9 && this.retention!.makeRoom();
    });
  }

  private write(operations: readonly Operation[], durably: boolean): void {
    this.guarded(db => {
      if (fileIdentity(this.path) !== this.identity) {
        throw new EngineError('unavailable', `${this.path} was removed or replaced while vigil used it`);
      }
      if (durably) db.pragma('synchronous = FULL');
      try {
        this.writer ??= new Writer(db, this.boot);
        const { writer } = this;
        db.transaction(() => {
          for (const operation of operations) {
            if (operation.type === 'redate') redate(db, this.boot, operation.redating);
            else writer.write(operation);
          }
        }).immediate();
        // It remembers dates.
        if (operations.some(({ type }) => type === 'redate')) this.writer = null;
      } catch (error) {
        // What it remembers may just have been rolled back.
        this.writer = null;
        throw error;
      } finally {
        if (durably) db.pragma('synchronous = NORMAL');
      }
    });
  }

  /** One slice of thinning and deleting. */
  maintain(time_ms: number, retention_ms: number | null = null): { more: boolean; bytes: number } {
    return this.guarded(db => {
      if (retention_ms !== null) this.retention!.retention_ms = retention_ms;
      const { more, dropped } = this.retention!.step(time_ms);
      // It may remember rows that are gone.
      if (dropped) this.writer = null;
      const pragma = (name: string) => db.pragma(name, { simple: true }) as number;
      return { more, bytes: pragma('page_count') * pragma('page_size') };
    });
  }

  query<N extends QueryName>(name: N, args: QueryArguments<N>): QueryResult<N> {
    const query = QUERIES[name] as (db: Database, ...rest: unknown[]) => QueryResult<N>;
    return this.guarded(db => query(db, ...args));
  }

  /** Renames the damaged database; `open` begins a new one. Answers where it is now. */
  moveAside(time_ms: number): string {
    this.close();
    try {
      return moveAside(this.path, time_ms);
    } catch (error) {
      throw engineError(error, this.path);
    }
  }

  close(): void {
    const { db } = this;
    this.db = null;
    this.writer = null;
    this.retention = null;
    try {
      db?.close();
    } catch {
      // It was damaged, or its disk is full: what is in the log is found when it is opened again.
    }
  }

  private guarded<T>(work: (db: Database) => T): T {
    try {
      if (this.db === null) throw new EngineError('unavailable', `${this.path} is not open`);
      return work(this.db);
    } catch (error) {
      throw engineError(error, this.path);
    }
  }
}

function found(db: Database, path: string): Opened {
  const counter = (name: string, table: string) =>
    db
      .prepare<[string], number>(
        `SELECT max(coalesce((SELECT value FROM counters WHERE name = ?), 0),
           coalesce((SELECT max(id) FROM ${table}), 0))`,
      )
      .pluck()
      .get(name)!;
  return {
    path,
    last_alert_id: counter('alert', 'alerts'),
    last_action_id: counter('action', 'actions'),
    last_whitelist_id: counter('whitelist', 'whitelist'),
    newest_ms: db
      .prepare<[], number | null>(
        `SELECT max(t) FROM (SELECT max(time_ms) AS t FROM host_samples UNION ALL SELECT max(time_ms) FROM host_minutes
           UNION ALL SELECT max(time_ms) FROM transitions UNION ALL SELECT max(time_ms) FROM actions)`,
      )
      .pluck()
      .get()!,
    whitelist: db
      .prepare<[], WhitelistRow>(
        'SELECT id, pattern, match_type, reason, created_ms FROM whitelist ORDER BY id',
      )
      .all(),
  };
}
