import { findProgram } from '../files/find-program.js';
import { runChild } from '../process/run-child.js';

/**
 * The system's user database, whatever feeds it (files, LDAP, SSSD, systemd-userdb): nsswitch.conf(5). Only the C
 * library can ask it, and it may take its time: so getent(1) does, as a child.
 */

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
/** getent(1): a key was not found. */
const NOT_FOUND = 2;

/** The entry's line. `unknown`: there is none. `failed`: that could not be found out. */
export type Entry = { line: string } | 'unknown' | 'failed';

export type AskDatabase = (database: 'passwd' | 'group', key: string) => Promise<Entry>;

/** Asks getent. Does not reject. */
export const askDatabase: AskDatabase = async (database, key) => {
  const getent = findProgram('getent');
  if (getent === null) return 'failed';
  const { code, problem, stdout } = await runChild(getent, ['--', database, key], {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  const line = stdout.split('\n', 1)[0] ?? '';
  if (problem === null && line !== '') return { line };
  return code === NOT_FOUND ? 'unknown' : 'failed';
};

/** The number of a group, local or not; null: there is none, or the database does not answer. */
export async function findGroup(name: string, ask: AskDatabase = askDatabase): Promise<number | null> {
  const entry = await ask('group', name);
  if (typeof entry === 'string') return null;
  const [found, , gid] = entry.line.split(':');
  return found === name && gid !== undefined && /^\d+$/.test(gid) ? Number(gid) : null;
}
