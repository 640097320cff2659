import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentHome } from './agent-home.js';

/** Where the agent runs: in tmux itself, or in something between tmux and the agent. */
export const PLACES = ['tmux', 'shell', 'script', 'screen', 'container', 'bwrap', 'sudo'] as const;
export type Place = (typeof PLACES)[number];

const WRAPS: Record<Place, (argv: readonly string[], home: AgentHome) => string[]> = {
  tmux: argv => [...argv],
  /** The child of a shell, as most are. */
  shell: argv => ['bash', '-c', `${argv.map(quoted).join(' ')}; exit $?`],
  script: argv => ['script', '-qfec', argv.map(quoted).join(' '), '/dev/null'],
  screen: (argv, { root }) => {
    const settings = ['env', `SCREENDIR=${join(root, 'screen')}`];
    return [...settings, 'screen', '-c', '/dev/null', ...argv];
  },
  /** Mounts and pids of its own: its session file names a pid that nobody outside knows. */
  container: argv => ['unshare', '--fork', '--pid', '--mount', '--uts', '--mount-proc', ...argv],
  bwrap: argv => {
    const view = ['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--unshare-ipc'];
    return ['bwrap', ...view, '--die-with-parent', ...argv];
  },
  /** sudo gives it a terminal of its own (`use_pty`). */
  sudo: argv => ['sudo', '-n', '-E', ...argv],
};

/** The command of an agent in that place. */
export function placed(place: Place, argv: readonly string[], home: AgentHome): string[] {
  return WRAPS[place](argv, home);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The process of that name with a terminal which is nearest below `root`; undefined: none yet. screen's server is nobody's
 * child: what runs in it is found by the directory, which is the session's alone.
 */
export function agentBelow(root: number, comm: string, cwd: string): number | undefined {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const found = all.map(Number).filter(pid => isAgent(pid, comm, cwd));
  return found.sort((a, b) => a - b).find(pid => pid >= root);
}

function isAgent(pid: number, comm: string, cwd: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const tty = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4];
    const named = readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === comm;
    return named && tty !== '0' && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`\0PWD=${cwd}\0`);
  } catch {
    return false;
  }
}
