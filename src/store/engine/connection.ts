import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { checkOwner, isEmpty, migrate } from '../migrations/migrate.js';
import { EngineError } from './error.js';

type Sqlite = new (path: string, options: { timeout: number; fileMustExist: boolean }) => Database;

/** The library is loaded here and only now: it is native code that clients and helpers never need. */
export async function loadSqlite(): Promise<Sqlite> {
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    return Sqlite as unknown as Sqlite;
  } catch (error) {
    const first = (error as Error).message.split('\n', 1)[0];
    throw new EngineError('unavailable', `no history: better-sqlite3 cannot be loaded: ${first}`);
  }
}

/** Room for the write-ahead log; it is emptied into the database when it is a quarter of that. */
const LOG_BYTES = 4 * 1024 * 1024;

/** Opens, checks and migrates. Throws whatever SQLite throws, and EngineError; nothing stays open then. */
export function connect(
  Sqlite: Sqlite,
  path: string,
  max_bytes: number,
): { db: Database; max_pages: number } {
  const db = new Sqlite(path, { timeout: 100, fileMustExist: true });
  try {
    // Nothing is written before it is known whose database this is, and that it is whole.
    checkOwner(db);
    const problems = isSmall(path) ? db.pragma('quick_check(1)', { simple: true }) : 'ok';
    if (problems !== 'ok') throw new EngineError('corrupt', `${path}: ${String(problems)}`);
    if (isEmpty(db)) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    // In WAL mode this loses no consistency, only, in a crash of the machine, the last transactions.
    db.pragma('synchronous = NORMAL');
    const page_bytes = db.pragma('page_size', { simple: true }) as number;
    const log_bytes = Math.min(LOG_BYTES, max_bytes / 4);
    db.pragma(`wal_autocheckpoint = ${Math.floor(log_bytes / 4 / page_bytes)}`);
    db.pragma(`journal_size_limit = ${Math.floor(log_bytes / 2)}`);
    // KiB, which stay taken: what is asked for often is in the page cache of the kernel as well.
    db.pragma('cache_size = -1024');
    db.pragma('temp_store = MEMORY');
    migrate(db);
    const max_pages = Math.floor((max_bytes - log_bytes) / page_bytes);
    db.pragma(`max_page_count = ${max_pages}`);
    return { db, max_pages };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A larger one would keep the start waiting for its disk: its damage is found where it is read or written. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

function isSmall(path: string): boolean {
  return statSync(path).size <= MAX_CHECKED_BYTES;
}

/** Which file this is: a path can get another one while the old one is still open. */
export function fileIdentity(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
