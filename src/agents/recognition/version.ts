import { safeRead } from '../../lib/files/safe-read.js';
import type { ProcessFacts } from '../../model/observation.js';
import { NEWEST_TESTED } from '../tested-versions.js';
import { identify } from './identity.js';

/** A package.json has some kilobytes. */
const MAX_BYTES = 64 * 1024;
/** Folders above a program in which its package.json can be. */
const MAX_LEVELS = 5;
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}$/;

/**
 * The version of a running agent: as its path names it (`…/versions/2.1.233`), or as the package.json of the npm package
 * says out of which it runs. Null: neither does. Only a file of root's or of the agent's user is believed.
 */
export function versionOf(process: Pick<ProcessFacts, 'exe' | 'argv' | 'uid'>): string | null {
  const { exe, script } = identify(process);
  for (const path of [script, exe]) {
    const version = path === null ? null : (versionInPath(path) ?? versionOfPackage(path, process.uid));
    if (version !== null) return version;
  }
  return null;
}

function versionInPath(path: string): string | null {
  const named = path.split('/').findLast(part => VERSION.test(part));
  return named ?? null;
}

function versionOfPackage(path: string, uid: number): string | null {
  const parts = path.split('/');
  if (parts[0] !== '' || !parts.includes('node_modules')) return null;
  for (let levels = 1; levels <= MAX_LEVELS && parts.at(-levels) !== 'node_modules'; levels++) {
    const file = `${parts.slice(0, -levels).join('/')}/package.json`;
    const version = packageVersion(file, uid) ?? (uid === 0 ? null : packageVersion(file, 0));
    if (version !== null) return version;
  }
  return null;
}

function packageVersion(file: string, uid: number): string | null {
  const read = safeRead(file, { uid, max_bytes: MAX_BYTES });
  if (!read.ok) return null;
  try {
    const { version } = JSON.parse(read.text) as { version?: unknown };
    return typeof version === 'string' && VERSION.test(version) ? version : null;
  } catch {
    return null;
  }
}

/** The newest version that vigil was tried with, where this one is newer; else null. */
export function newerThanTested(
  agent: string,
  version: string | null,
  tested: Readonly<Record<string, string>> = NEWEST_TESTED,
): string | null {
  const newest = Object.hasOwn(tested, agent) ? tested[agent] : undefined;
  if (version === null || newest === undefined) return null;
  return version.localeCompare(newest, 'en', { numeric: true }) > 0 ? newest : null;
}
