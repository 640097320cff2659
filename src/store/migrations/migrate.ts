import type { Database } from 'better-sqlite3';
import { EngineError } from '../engine/error.js';
import { MIGRATIONS } from './index.js';
import type { Migration } from './migration.js';

/** "vigl": file(1) and we know whose database it is. */
export const APPLICATION_ID = 0x7669676c;

/**
 * Reads only. Throws EngineError `refused` for a database that a newer vigil wrote, and for one of another
 * program.
 */
export function checkOwner(db: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const version = versionOf(db);
  const owner = db.pragma('application_id', { simple: true }) as number;
  if (!isEmpty(db) && owner !== APPLICATION_ID) {
    throw new EngineError('refused', `${db.name} is the database of another program: move it away`);
  }
  if (version > newest) {
    throw new EngineError(
      'refused',
      `${db.name} was written by a newer vigil (version ${version} of the tables; this one knows up to ${newest}): start that vigil, or move the file away to begin a new history`,
    );
  }
}

/** Brings a database of vigil's, or an empty one, to the newest version: all the way, or not at all. */
export function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const version = versionOf(db);
  if (version >= newest) return;
  db.transaction(() => {
    for (const migration of migrations) {
      if (migration.version > version) db.exec(migration.sql);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${newest}`);
  }).exclusive();
}

export function isEmpty(db: Database): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}
