import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** Whether a place is root's or our own to decide about, and nobody else's, on all the way to it. */

/** As many as the kernel follows. */
const MAX_LINKS = 40;

const ANYONE = 0o002;
const GROUP_OR_ANYONE = 0o022;
const STICKY = 0o1000;

interface Place {
  path: string;
  stat: Stats;
}

/**
 * Why files in this folder (an absolute path) cannot be created safely; null: they can. Everything on the way
 * must belong to root or to us, and no folder may be anybody's to write unless it is sticky like /tmp:
 * otherwise somebody could put a link there and choose where we write.
 */
export function distrustOfFolder(folder: string): string | null {
  const places = placesOf(folder);
  if (typeof places !== 'string') return distrustOfWay(places, ANYONE);
  return places === 'ENOENT' ? `the folder ${folder} is not there: make it` : `${folder}: ${places}`;
}

/**
 * Why we must not run this program (an absolute path); null: we may. Whoever may write it, or put another in its
 * place, would choose what is run with our rights: the groups of file and folders are somebody, too.
 */
export function distrustOfProgram(program: string): string | null {
  const places = placesOf(program);
  if (typeof places === 'string') return `${program}: ${places}`;
  const { path, stat } = places.at(-1)!;
  if (!stat.isFile()) return `${path} is not a regular file`;
  const wrong = distrustOfWay(places, GROUP_OR_ANYONE);
  if (wrong !== null) return wrong;
  return (stat.mode & GROUP_OR_ANYONE) === 0 ? null : `${path} may be written by others: chmod go-w it`;
}

function distrustOfWay(places: readonly Place[], writers: number): string | null {
  for (const { path, stat } of places) {
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) {
      return `${path} belongs to uid ${stat.uid}, who could lead it elsewhere`;
    }
    if (stat.isDirectory() && (stat.mode & writers) !== 0 && (stat.mode & STICKY) === 0) {
      return `${(stat.mode & ANYONE) === 0 ? 'others' : 'anyone'} may write into ${path}`;
    }
  }
  return null;
}

/** Every folder and link that the path leads through, as the kernel goes, and what it leads to. Else the error's code. */
function placesOf(path: string): Place[] | string {
  try {
    return walk(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function walk(path: string): Place[] {
  const places: Place[] = [{ path: '/', stat: lstatSync('/') }];
  const names = path.split('/');
  let at = '/';
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const place = { path: join(at, name), stat: lstatSync(join(at, name)) };
    places.push(place);
    if (!place.stat.isSymbolicLink()) {
      at = place.path;
      continue;
    }
    if (++links > MAX_LINKS) return fail('ELOOP');
    const target = readlinkSync(place.path);
    if (isAbsolute(target)) at = '/';
    names.unshift(...target.split('/'));
  }
  return places;
}

function fail(code: string): never {
  throw Object.assign(new Error(code), { code });
}
