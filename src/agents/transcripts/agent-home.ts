import type { Users } from '../../lib/os/users.js';
import { environmentOf } from '../../lib/proc/environment.js';

/** Where an agent keeps its files. */
export interface AgentHome {
  claude: string;
  codex: string;
  copilot: string;
}

const WANTED = ['HOME', 'CLAUDE_CONFIG_DIR', 'CODEX_HOME', 'COPILOT_HOME'] as const;

/**
 * The directories of one agent process, from its environment (four variables, nothing else is kept), or
 * from the password file when that may not be read, or they are not among its first 256 KiB.
 */
export function agentHome(root: string, pid: number, uid: number, users: Users): AgentHome | null {
  const env = environmentOf(root, pid, WANTED);
  const home = absolute(env.HOME) ?? users.home(uid);
  if (home === null) return null;
  return {
    claude: absolute(env.CLAUDE_CONFIG_DIR) ?? `${home}/.claude`,
    codex: absolute(env.CODEX_HOME) ?? `${home}/.codex`,
    copilot: absolute(env.COPILOT_HOME) ?? `${home}/.copilot`,
  };
}

function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') ? path.replace(/\/+$/, '') || '/' : null;
}
