import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where vigil's files are: one set of places for root, the XDG folders for everybody else. */

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
