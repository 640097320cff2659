import { isShell } from '../../lib/process/shells.js';
import type { LiveProcess } from '../live/live-view.js';

/** Options of shells that take a value in the next argument. */
const TAKES_VALUE = new Set(['-o', '+o', '-O', '+O', '--rcfile', '--init-file']);

/**
 * A shell in which a person works, or may: a login shell (argv[0] begins with a dash), one that was told to
 * be interactive, or one on a terminal without a command or a script to run. The shells in which agents
 * run their tools (`bash -c …`) are not.
 */
export function isInteractiveShell(process: Pick<LiveProcess, 'argv' | 'comm' | 'exe' | 'has_tty'>): boolean {
  const argv0 = process.argv[0] ?? '';
  if (![process.exe, argv0, process.comm].some(name => isShell(name ?? ''))) return false;
  if (argv0.startsWith('-')) return true;
  const args = process.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') return process.has_tty && i === args.length - 1;
    if (TAKES_VALUE.has(arg)) i++;
    else if (/^-[A-Za-z]*c/.test(arg) || arg === '--command') return false;
    else if (/^-[A-Za-z]*i/.test(arg) || arg === '--interactive') return true;
    else if (!/^[-+]/.test(arg)) return false; // a script
  }
  return process.has_tty;
}
