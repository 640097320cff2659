import { execFile } from 'node:child_process';
import { findProgram } from '../../../lib/files/find-program.js';
import { environmentOf } from '../../../lib/proc/environment.js';

/** How a terminal is told to bring the tab of one of its shells to the front. */
export interface TerminalControl {
  program: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

const VARIABLES = [
  ...(['KITTY_LISTEN_ON', 'KITTY_WINDOW_ID', 'WEZTERM_UNIX_SOCKET', 'WEZTERM_PANE'] as const),
  ...(['KONSOLE_DBUS_SERVICE', 'KONSOLE_DBUS_SESSION', 'KONSOLE_DBUS_WINDOW'] as const),
] as const;
type Told = Partial<Record<(typeof VARIABLES)[number], string>>;

const TIMEOUT_MS = 1_000;
const NUMBER = /^\d{1,9}$/;

/**
 * From what terminals tell their shells. The program is the system's, never the terminal's own file: a sandboxed one would
 * be run outside of its sandbox. kitty listens only where its person allowed it (`allow_remote_control`,
 * `listen_on`); wezterm and Konsole always do. Null: there is no way.
 */
export function controlOf(procRoot: string, shell: number, folders?: Folders): TerminalControl | null {
  const told = environmentOf(procRoot, shell, VARIABLES);
  if (told === 'unknown') return null;
  const find = (name: string) => findProgram(name, folders === undefined ? {} : { folders });
  return kitty(told, find) ?? wezterm(told, find) ?? konsole(told, find);
}

type Folders = readonly string[];
type Find = (name: string) => string | null;

/** `kitten @ --to unix:/run/user/1000/kitty-4021 focus-window --match id:3`. */
function kitty(told: Told, find: Find): TerminalControl | null {
  const { KITTY_LISTEN_ON: address = '', KITTY_WINDOW_ID: id = '' } = told;
  if (!/^unix:[^\n]{1,200}$/.test(address) || !NUMBER.test(id)) return null;
  const program = find('kitten') ?? find('kitty');
  const args = ['@', '--to', address, 'focus-window', '--match', `id:${id}`];
  return program === null ? null : { program, args, env: {} };
}

function wezterm(told: Told, find: Find): TerminalControl | null {
  const { WEZTERM_UNIX_SOCKET: socket = '', WEZTERM_PANE: pane = '' } = told;
  const program = socket.startsWith('/') && NUMBER.test(pane) ? find('wezterm') : null;
  if (program === null) return null;
  const args = ['cli', '--no-auto-start', 'activate-pane', '--pane-id', pane];
  return { program, args, env: { WEZTERM_UNIX_SOCKET: socket } };
}

/** https://docs.kde.org/stable5/en/konsole/konsole/scripting.html */
function konsole(told: Told, find: Find): TerminalControl | null {
  const { KONSOLE_DBUS_SERVICE: service = '', KONSOLE_DBUS_WINDOW: window = '' } = told;
  const session = /^\/Sessions\/(\d{1,9})$/.exec(told.KONSOLE_DBUS_SESSION ?? '')?.[1];
  const isNamed =
    /^(:[\d.]{3,32}|org\.kde\.konsole-\d{1,9})$/.test(service) && /^\/Windows\/\d{1,9}$/.test(window);
  const program = session !== undefined && isNamed ? find('busctl') : null;
  if (program === null) return null;
  const call = [service, window, 'org.kde.konsole.Window', 'setCurrentSession', 'i', session!];
  return { program, args: ['--user', 'call', ...call], env: {} };
}

/** Whether the terminal did so. */
export function bringToFront({ program, args, env }: TerminalControl): Promise<boolean> {
  const { PATH = '', HOME = '/', XDG_RUNTIME_DIR } = process.env;
  const own = { PATH, HOME, LANG: 'C.UTF-8', ...(XDG_RUNTIME_DIR && { XDG_RUNTIME_DIR }), ...env };
  return new Promise(resolve => {
    execFile(
      program,
      args,
      { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 65_536, env: own, cwd: '/' },
      error => resolve(error === null),
    );
  });
}
