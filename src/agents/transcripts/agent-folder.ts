import type { Users } from '../../lib/os/users.js';
import { environmentOf } from '../../lib/proc/environment.js';
import type { AgentFiles } from './reader.js';

/**
 * The folder in which an agent process keeps its files: as its environment names it (two variables, nothing else is kept),
 * else below its home, which is the password file's when the environment may not be read, or it is not among its first
 * 256 KiB. Null: it cannot be told.
 */
export function agentFolder(
  root: string,
  { pid, uid }: { pid: number; uid: number },
  { variable, below_variable, below_home }: AgentFiles['folder'],
  users: Users,
): string | null {
  const env = environmentOf(root, pid, ['HOME', variable]);
  const named = absolute(env[variable]);
  if (named !== null) return below_variable === undefined ? named : `${named}/${below_variable}`;
  const home = absolute(env.HOME) ?? users.home(uid);
  return home === null ? null : `${home}/${below_home}`;
}

function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') ? path.replace(/\/+$/, '') || '/' : null;
}
