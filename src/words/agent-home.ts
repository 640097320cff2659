import { readFileSync } from 'node:fs';
import type { Users } from '../proc/users.js';

/** Where an agent keeps its files. */
export interface AgentHome {
  claude: string;
  codex: string;
  copilot: string;
}

const WANTED = ['HOME', 'CLAUDE_CONFIG_DIR', 'CODEX_HOME', 'COPILOT_HOME'] as const;
const MAX_ENVIRON_BYTES = 256 * 1024;

/**
 * The directories of one agent process, from its environment (four variables, nothing else is kept), or
 * from the password file when that may not be read.
 */
export function agentHome(root: string, pid: number, uid: number, users: Users): AgentHome | null {
  const env = readEnvironment(root, pid);
  const home = absolute(env.HOME) ?? users.home(uid);
  if (home === null) return null;
  return {
    claude: absolute(env.CLAUDE_CONFIG_DIR) ?? `${home}/.claude`,
    codex: absolute(env.CODEX_HOME) ?? `${home}/.codex`,
    copilot: absolute(env.COPILOT_HOME) ?? `${home}/.copilot`,
  };
}

function readEnvironment(root: string, pid: number): Partial<Record<(typeof WANTED)[number], string>> {
  const found: Partial<Record<(typeof WANTED)[number], string>> = {};
  let bytes: Buffer;
  try {
    bytes = readFileSync(`${root}/${pid}/environ`);
  } catch {
    return found;
  }
  for (const entry of bytes.subarray(0, MAX_ENVIRON_BYTES).toString('utf8').split('\0')) {
    for (const name of WANTED) if (entry.startsWith(`${name}=`)) found[name] = entry.slice(name.length + 1);
  }
  return found;
}

function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') ? path.replace(/\/+$/, '') || '/' : null;
}
