import { lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Sqlite from 'better-sqlite3';
import type { FileTree } from '../../../lib/files/file-tree.js';
import { databaseImage, MAX_DATABASE_BYTES } from './image.js';

/** Larger is no list of conversations. */
const MAX_FILE_BYTES = 16 * 1024 ** 3;
/** Loaded with the first agent that has a database: it costs memory. `null`: it cannot be. */
let library: typeof Sqlite | null | undefined;

/** Rows of an agent's own database, read while the agent uses it. */
export interface DatabaseView {
  /** The rows that a query gives; it must bound their number. Longer texts than `MAX_TEXT` must be left out by it. */
  rows(sql: string, ...values: readonly (string | number)[]): Record<string, unknown>[];
}

/**
 * Opens a SQLite database of the user's, reads, and closes it again: for as long as it is open its agent could not clean
 * up behind itself. Null where there is none, it is not the user's, or its agent is just at it.
 *
 * It is never written: it must have its journal (`-wal`, `-shm`) already, which else would be made by opening it. It may
 * be a trap: what is asked for must be plain `tables`, since a view could compute for ever. In a container a copy is read.
 * @throws DatabaseTooLargeError
 */
export function readDatabase<T>(
  path: string,
  { uid, tables, tree }: DatabaseLimits,
  read: (view: DatabaseView) => T,
): T | null {
  const source = tree === undefined ? ownFile(path, uid) : databaseImage(tree, path, uid);
  if (source === 'larger') throw new DatabaseTooLargeError();
  const open = source === null ? null : sqlite();
  if (source === null || open === null) return null;
  let database: Sqlite.Database | null = null;
  try {
    database = new open(source, {
      readonly: true,
      timeout: 0,
      ...(tree === undefined && { fileMustExist: true }),
    });
    database.pragma('trusted_schema = OFF');
    database.pragma('cell_size_check = ON');
    const view = viewOf(database);
    if (!tables.every(table => isTable(view, table))) return null;
    return read(view);
  } catch {
    return null; // locked, damaged, of another version
  } finally {
    database?.close();
  }
}

/** It is in a container, whose databases are copied to be read. */
export class DatabaseTooLargeError extends Error {
  constructor() {
    super(`databases in containers are read up to ${MAX_DATABASE_BYTES / 1024 ** 2} MiB`);
  }
}

export interface DatabaseLimits {
  uid: number;
  tables: readonly string[];
  /** Where the path leads; absent: where it leads vigil. */
  tree?: FileTree | undefined;
}

function ownFile(path: string, uid: number): string | null {
  return [path, `${path}-wal`, `${path}-shm`].every(file => isPlain(file, uid)) ? path : null;
}

function isPlain(path: string, owner: number): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isFile() && stat.uid === owner && stat.size <= MAX_FILE_BYTES;
  } catch {
    return false;
  }
}

function isTable(view: DatabaseView, name: string): boolean {
  const [row] = view.rows('SELECT type, sql FROM main.sqlite_schema WHERE name = ? LIMIT 1', name);
  const sql = String(row?.sql ?? '');
  return row?.type === 'table' && /^CREATE TABLE/i.test(sql) && !/\bGENERATED\b|\bAS\s*\(/i.test(sql);
}

function viewOf(database: Sqlite.Database): DatabaseView {
  return {
    rows: (sql, ...values) => database.prepare(sql).all(...values) as Record<string, unknown>[],
  };
}

function sqlite(): typeof Sqlite | null {
  if (library !== undefined) return library;
  try {
    library = createRequire(import.meta.url)('better-sqlite3') as typeof Sqlite;
  } catch {
    library = null;
  }
  return library;
}
