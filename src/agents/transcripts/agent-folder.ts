import type { Users } from '../../lib/os/users.js';
import { environmentOf } from '../../lib/proc/environment.js';
import { insideUid } from '../../lib/proc/namespaces.js';
import type { AgentFiles } from './reader.js';

/**
 * The folder in which an agent process keeps its files: as its environment names it (two variables, nothing else is kept),
 * else below its home, which is the password file's when the environment may not be read, or it is not among its first
 * 256 KiB; `~UID/…` in a container, whose own password file counts. Null: it has none that can be told; `unknown`: it cannot
 * be told now.
 */
export function agentFolder(
  root: string,
  { pid, uid, cwd }: { pid: number; uid: number; cwd: string | null },
  folder: AgentFiles['folder'],
  users: Users,
  in_container = false,
): string | null | 'unknown' {
  if (folder === 'project') return cwd;
  const { variable, below_variable, below_home } = folder;
  const env = environmentOf(root, pid, ['HOME', variable]);
  if (env === 'unknown') return env;
  const named = absolute(env[variable]);
  if (named !== null) return below_variable === undefined ? named : `${named}/${below_variable}`;
  const home = absolute(env.HOME) ?? (in_container ? homeInside(root, pid, uid) : users.home(uid));
  return home === null ? null : `${home}/${below_home}`;
}

function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') ? path.replace(/\/+$/, '') || '/' : null;
}

function homeInside(root: string, pid: number, uid: number): string | null {
  const inside = insideUid(root, pid, uid);
  return inside === null ? null : `~${inside}`;
}
