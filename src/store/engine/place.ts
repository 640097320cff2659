import { chmodSync, closeSync, constants, lstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ensureOwnDir, UnsafeDirError } from '../../lib/files/own-folder.js';
import { printable } from '../../lib/text/printable.js';
import { EngineError } from './error.js';

export const DATABASE_NAME = 'vigil.db';
/** SQLite's companions of a database in WAL mode. */
export const SUFFIXES = ['', '-wal', '-shm'] as const;

/**
 * Makes the folder (0700) and an empty database file (0600) where they are absent. Throws EngineError
 * `refused` when the folder or a file is not ours alone, or is a link. Answers the path of the database.
 */
export function preparePlace(directory: string): string {
  try {
    ensureOwnDir(directory, 0o700);
  } catch (error) {
    if (error instanceof UnsafeDirError) throw new EngineError('refused', `no history: ${error.message}`);
    throw error;
  }
  const path = join(directory, DATABASE_NAME);
  // SQLite gives the companions the mode of the database.
  if (!SUFFIXES.map(suffix => checkFile(path + suffix))[0]) {
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
    chmodSync(path, 0o600);
  }
  return path;
}

/** False: there is none. */
function checkFile(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const shown = printable(path);
  if (!stat.isFile()) {
    throw new EngineError('refused', `${shown} is not a regular file (links are not followed): move it away`);
  }
  if (stat.uid !== process.geteuid!()) {
    throw new EngineError('refused', `${shown} belongs to uid ${stat.uid}: move it away`);
  }
  if (stat.nlink > 1)
    throw new EngineError('refused', `${shown} has a second name (hard link): move it away`);
  if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o600);
  return true;
}
