import { renameSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listNames } from '../../lib/files/bounded-read.js';
import { DATABASE_NAME, SUFFIXES } from './place.js';

/** More damaged databases than this are not kept: the disk that damages them shall not be filled by them. */
const KEPT = 3;
const ASIDE = `${DATABASE_NAME}.corrupt-`;

/**
 * Renames a damaged database and its companions to `vigil.db.corrupt-<UTC time>[-wal|-shm]`, and removes
 * the oldest of those beyond three. Answers the new path.
 */
export function moveAside(path: string, time_ms: number): string {
  const directory = dirname(path);
  const stamp = new Date(time_ms).toISOString().replace(/[-:]/g, '');
  const target = join(directory, `${ASIDE}${stamp}`);
  for (const suffix of SUFFIXES) {
    try {
      renameSync(path + suffix, target + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  const earlier = listNames(directory).filter(name => name.startsWith(ASIDE));
  const databases = earlier.filter(name => !name.endsWith('-wal') && !name.endsWith('-shm')).sort();
  for (const old of databases.slice(0, -KEPT)) {
    for (const suffix of SUFFIXES) {
      if (earlier.includes(old + suffix)) unlinkSync(join(directory, old + suffix));
    }
  }
  return target;
}
