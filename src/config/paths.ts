import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { printable } from '../lib/text/printable.js';

/** Where things are: one set of places for root, the XDG folders for everybody else. */

export const SYSTEM_RUNTIME_DIR = '/run/vigil';
export const SOCKET_NAME = 'vigil.sock';

export interface Places {
  config: string;
  runtimeDir: string;
  stateDir: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export function defaultPlaces(uid: number = process.geteuid!(), env: Env = process.env): Places {
  if (uid === 0) {
    return { config: '/etc/vigil/config.toml', runtimeDir: SYSTEM_RUNTIME_DIR, stateDir: '/var/lib/vigil' };
  }
  const home = homeOf(env);
  return {
    config: join(xdg(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'vigil', 'config.toml'),
    runtimeDir: userRuntimeDir(uid, env),
    stateDir: join(xdg(env.XDG_STATE_HOME) ?? join(home, '.local', 'state'), 'vigil'),
  };
}

function userRuntimeDir(uid: number, env: Env): string {
  const base = xdg(env.XDG_RUNTIME_DIR);
  return base === undefined ? `/tmp/vigil-${uid}` : join(base, 'vigil');
}

/** The specification says that relative paths in these variables are to be ignored. */
function xdg(value: string | undefined): string | undefined {
  return value !== undefined && isAbsolute(value) ? value : undefined;
}

function homeOf(env: Env): string {
  return env.HOME !== undefined && isAbsolute(env.HOME) ? env.HOME : homedir();
}

/** The one folder in which a client looks for the daemon, where one was named. */
export function clientRuntimeDir(explicit: string | undefined, env: Env = process.env): string | undefined {
  if (explicit !== undefined && explicit !== '') return explicit;
  const named = env.VIGIL_RUNTIME_DIR;
  return named === '' ? undefined : named;
}

/** Where a client looks for the daemon, in this order. */
export function clientRuntimeDirs(
  explicit: string | undefined,
  uid: number = process.geteuid!(),
  env: Env = process.env,
): string[] {
  const named = clientRuntimeDir(explicit, env);
  if (named !== undefined) return [named];
  return [...new Set([SYSTEM_RUNTIME_DIR, userRuntimeDir(uid, env)])];
}

/** The folder cannot be trusted with a socket. The message says what to do. */
export class UnsafeDirError extends Error {
  override readonly name = 'UnsafeDirError';
}

/** Makes the folder if it is absent; throws UnsafeDirError unless it is ours alone to write. */
export function ensureOwnDir(dir: string, mode: number = process.geteuid!() === 0 ? 0o755 : 0o700): void {
  let made: string | undefined;
  try {
    made = mkdirSync(dir, { recursive: true, mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnsafeDirError(`cannot make the folder ${printable(dir)}: ${code}`);
  }
  checkOwnDir(dir);
  // Not by the umask's leave; it was ours and nobody else's when it was checked.
  if (made !== undefined) chmodSync(dir, mode);
}

export function checkOwnDir(dir: string): void {
  const shown = printable(dir);
  const uid = process.geteuid!();
  const stat = lstatSync(dir);
  if (!stat.isDirectory()) throw new UnsafeDirError(`${shown} is not a folder (links are not followed)`);
  if (stat.uid !== uid) {
    throw new UnsafeDirError(`${shown} belongs to uid ${stat.uid}, not to uid ${uid}, which runs this`);
  }
  if ((stat.mode & 0o022) !== 0) {
    const mode = (stat.mode & 0o7777).toString(8);
    throw new UnsafeDirError(`others may write into ${shown} (mode ${mode}): chmod go-w ${shown}`);
  }
}
