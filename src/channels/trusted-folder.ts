import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Why files in this folder (an absolute path) cannot be created safely; null: they can. Everything on the way,
 * as it is written and as it resolves, must belong to root or to us, and no folder may be anybody's to write
 * unless it is sticky like /tmp: otherwise somebody could put a link there and choose where we write.
 */
export function distrustOf(folder: string): string | null {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `the folder ${folder} is not there: make it` : `${folder}: ${code}`;
  }
  for (const place of new Set([...upwards(folder), ...upwards(real)])) {
    const wrong = distrustOfPlace(place);
    if (wrong !== null) return wrong;
  }
  return null;
}

function distrustOfPlace(place: string): string | null {
  const stat = lstatSync(place);
  if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) {
    return `${place} belongs to uid ${stat.uid}, who could lead it elsewhere`;
  }
  if (stat.isDirectory() && (stat.mode & 0o1002) === 0o002) return `anyone may write into ${place}`;
  return null;
}

/** The path itself, its parent, …, `/`. */
function upwards(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...upwards(parent)];
}
