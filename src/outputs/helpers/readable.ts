import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who wants to read. Of their other groups nothing is known here. */
export interface Reader {
  uid: number;
  gid: number;
}

const READ = 4;
const SEARCH = 1;

/** What on the way to a file keeps somebody from reading it, in words; null: nothing that its mode tells of. */
export function unreadable(path: string, reader: Reader): string | null {
  const way = [path];
  for (let at = dirname(path); !way.includes(at); at = dirname(at)) way.unshift(at);
  for (const place of way) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return `${place} is not there`;
    const shift = stat.uid === reader.uid ? 6 : stat.gid === reader.gid ? 3 : 0;
    const wanted = stat.isDirectory() ? SEARCH : READ;
    if (((stat.mode >> shift) & wanted) === 0)
      return `${place} is closed to them (mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')})`;
  }
  return null;
}
