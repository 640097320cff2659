import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { migrate } from '../migrations/migrate.js';
import { EngineError } from './error.js';

type Sqlite = new (path: string, options: { timeout: number; fileMustExist: boolean }) => Database;

/** The library is loaded here and only now: it is native code that clients and hands never need. */
export async function loadSqlite(): Promise<Sqlite> {
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    return Sqlite as unknown as Sqlite;
  } catch (error) {
    const first = (error as Error).message.split('\n', 1)[0];
    throw new EngineError('unavailable', `no history: better-sqlite3 cannot be loaded: ${first}`);
  }
}

/** A checkpoint moves at most about this much at once. */
const CHECKPOINT_PAGES = 256;
const WAL_LEFT_BYTES = 2 * 1024 * 1024;

/** Opens, checks and migrates. Throws whatever SQLite throws, and EngineError; nothing stays open then. */
export function connect(Sqlite: Sqlite, path: string, max_bytes: number): Database {
  const db = new Sqlite(path, { timeout: 100, fileMustExist: true });
  try {
    // Only an empty database takes this setting.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    // In WAL mode this loses no consistency, only, in a crash of the machine, the last transactions.
    db.pragma('synchronous = NORMAL');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_LEFT_BYTES}`);
    db.pragma('cache_size = -4096');
    db.pragma('temp_store = MEMORY');
    const problems = db.pragma('quick_check(1)', { simple: true });
    if (problems !== 'ok') throw new EngineError('corrupt', `${path}: ${String(problems)}`);
    migrate(db);
    const page_bytes = db.pragma('page_size', { simple: true }) as number;
    // The write-ahead log needs its part: it can grow past the size at which it is emptied.
    const for_log = Math.min(2 * WAL_LEFT_BYTES, max_bytes / 4);
    db.pragma(`max_page_count = ${Math.floor((max_bytes - for_log) / page_bytes)}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Which file this is: a path can get another one while the old one is still open. */
export function fileIdentity(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
