import { getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Session } from '../../agents/tracker/session.js';
import { tryReadHead } from '../../lib/files/bounded-read.js';
import { findProgram } from '../../lib/files/find-program.js';
import { statFile } from '../../lib/files/stat-file.js';
import type { Lookup } from '../../lib/os/users.js';
import { NO_INSPECTOR_FLAG } from '../../lib/process/no-inspector.js';
import { ONE_HEAP } from '../../lib/process/resident-pages.js';
import { variable } from '../desktop/terminal/tmux.js';
import type { HelperCommand } from './helper-child.js';

export const HELPER_SCRIPT = fileURLToPath(new URL('../desktop/helper.js', import.meta.url));

/** Only folders that belong to the system. */
export const SAFE_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';

export interface HelperUser {
  uid: number;
  gid: number;
  /** The number, where nothing knows it. */
  name: string;
  home: string;
}

export interface HelperPlace {
  /** The daemon's own. */
  euid: number;
  node: string;
  script: string;
  /** Where runtime directories are: `/run/user`. */
  runtimeBase: string;
  /** When the machine booted by the daemon's clock: the helper tells the same time. */
  boot_ms: number;
  env: Readonly<Record<string, string | undefined>>;
  /** Puts a helper into a group of its own before it begins. */
  confine?(uid: number, pid: number): Promise<void>;
  /** The user's helper is gone for good. */
  release?(uid: number): void;
}

/**
 * Who a helper is to be. A container's user may stand in no user database: then it gets the group that the user's own
 * processes have, and no further ones. A string: why it cannot be said; it is never guessed.
 */
export function helperUser(
  uid: number,
  found: Lookup,
  gid: () => number | null,
  { runtimeBase }: Pick<HelperPlace, 'runtimeBase'>,
): HelperUser | string {
  if (typeof found !== 'string') return { uid, ...found };
  const runtime = statFile(`${runtimeBase}/${uid}`);
  const known = gid() ?? (runtime?.uid === uid ? runtime.gid : null);
  if (known !== null) return { uid, gid: known, name: String(uid), home: '/' };
  return found === 'failed'
    ? 'the user database (NSS) does not answer, and no process of theirs tells a group'
    : 'no user database knows them, and no process of theirs tells a group';
}

/** Uids and gids are among the first lines. */
const STATUS_HEAD_BYTES = 1024;

/** The real gid of a process, if its real uid is this one: from /proc/PID/status. */
export function gidOfProcess(procRoot: string, pid: number, uid: number): number | null {
  const status = tryReadHead(`${procRoot}/${pid}/status`, STATUS_HEAD_BYTES) ?? '';
  const of = (name: string) => new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
  const gid = of('Gid');
  return of('Uid') === String(uid) && gid !== undefined ? Number(gid) : null;
}

/** What a living agent of the user says its runtime directory is; for systems that have it elsewhere. */
export function saidRuntimeDir(uid: number, sessions: readonly Session[], procRoot: string): string | null {
  for (const session of sessions) {
    if (session.uid !== uid || session.ending !== null) continue;
    const said = variable(procRoot, session.pid, 'XDG_RUNTIME_DIR');
    if (said !== null) return said;
  }
  return null;
}

function findSetpriv(): string | null {
  return findProgram('setpriv');
}

/** Why nobody else can have a helper; null: they can. */
export function cannotBecomeOthers(place: HelperPlace): string | null {
  if (place.euid !== 0) return 'vigil is not root';
  return findSetpriv() === null ? 'setpriv (util-linux) is not installed' : null;
}

/**
 * How to run a helper as `user`: with that user's uid, gid and groups, no capabilities, no way to gain any, and
 * an environment of our own making. Null: setpriv is missing, or we are not root and it is somebody else.
 */
export function helperCommand(
  user: HelperUser,
  place: HelperPlace,
  said: string | null,
): HelperCommand | null {
  const env: Record<string, string> = {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    PATH: SAFE_PATH,
    [ONE_HEAP.name]: ONE_HEAP.value,
  };
  const runtime = runtimeDirectory(user.uid, place, said);
  if (runtime !== null) env.XDG_RUNTIME_DIR = runtime;
  const limits = [NO_INSPECTOR_FLAG, '--max-old-space-size=128', '--max-semi-space-size=1'];
  const program = [place.node, ...limits, place.script, String(place.boot_ms)];
  if (place.euid !== 0) {
    if (user.uid !== place.euid) return null;
    return { file: program[0]!, args: program.slice(1), env };
  }
  const setpriv = findSetpriv();
  if (setpriv === null) return null;
  const args = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    // A container's user may stand in no user database; then it has no further groups either.
    user.name === String(user.uid) ? '--clear-groups' : '--init-groups',
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
    ...program,
  ];
  // The daemon may be shielded from the OOM killer, and before others when CPUs are shared out; what belongs to a user
  // must not be, nor get that back.
  const choom = findProgram('choom');
  const nice = findProgram('nice');
  const own = getPriority();
  const command = [
    ...(choom === null ? [] : [choom, '-n', '0', '--']),
    ...(nice === null || own === 0 ? [] : [nice, '-n', String(-own), '--']),
    setpriv,
    ...args,
  ];
  const { confine } = place;
  return {
    file: command[0]!,
    args: command.slice(1),
    env,
    ...(confine === undefined ? {} : { confine: (pid: number) => confine(user.uid, pid) }),
  };
}

/**
 * `/run/user/UID`, also when it is not there yet; where it is not, what the user's processes say. Null: it is
 * somebody else's, which would be a trap.
 */
function runtimeDirectory(uid: number, place: HelperPlace, said: string | null): string | null {
  const own = place.euid !== 0 ? place.env.XDG_RUNTIME_DIR : undefined;
  const usual = `${place.runtimeBase}/${uid}`;
  for (const path of [own, usual, said]) {
    if (!path?.startsWith('/')) continue;
    const stat = statFile(path);
    if (stat?.isDirectory() && stat.uid === uid) return path;
  }
  return statFile(usual) === null ? usual : null;
}
