import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../../lib/files/find-program.js';
import { statFile } from '../../../lib/files/stat-file.js';
import { NO_INSPECTOR_FLAG } from '../../../lib/process/no-inspector.js';

/** What the dashboard's entry of the tray runs. */
export const DASHBOARD: VigilView = { args: ['watch'], stays: true };

/** Everything about one alert. */
export function alertDetails(id: number): VigilView {
  return { args: ['explain', `A${id}`], stays: false };
}

/** A command of vigil for a terminal of its own. */
export interface VigilView {
  args: readonly string[];
  /** It goes on by itself; else the terminal must keep what it printed. */
  stays: boolean;
}

/** Compositors read commands as shells do: no word may mean anything to either. */
const LAUNCHABLE = /^[\w@%+=:./-]+$/;

const VIGIL = fileURLToPath(new URL('../../../../bin/vigil', import.meta.url));
const TIMEOUT_MS = 5_000;

/** Terminals, their words for "run this", and for "run this and stay" (null: they cannot). */
const TERMINALS: Readonly<Record<string, { run: readonly string[]; hold: readonly string[] | null }>> = {
  ghostty: { run: ['-e'], hold: ['--wait-after-command=true', '-e'] },
  foot: { run: [], hold: ['--hold'] },
  kitty: { run: [], hold: ['--hold'] },
  alacritty: { run: ['-e'], hold: ['--hold', '-e'] },
  konsole: { run: ['-e'], hold: ['--hold', '-e'] },
  xterm: { run: ['-e'], hold: ['-hold', '-e'] },
  wezterm: { run: ['start', '--'], hold: null },
  'gnome-terminal': { run: ['--'], hold: null },
  'x-terminal-emulator': { run: ['-e'], hold: null },
};

/**
 * The command that shows `view` in a terminal; null: there is none that could. `windows` are the processes
 * that own windows now: the terminal that its person uses goes before any other.
 */
export function terminalCommand(
  view: VigilView,
  windows: readonly number[],
  place: { procRoot: string; path: string; runtimeDir: string; node: string },
): string[] | null {
  const found = inUse(windows, place.procRoot) ?? installed(place.path);
  if (found === null) return null;
  const { run, hold } = TERMINALS[basename(found)]!;
  // Without a way to stay, what was printed would be gone at once: the view that stays, then.
  const shown = view.stays || hold !== null ? view : DASHBOARD;
  const how = shown.stays ? run : hold!;
  const command = [
    found,
    ...how,
    place.node,
    NO_INSPECTOR_FLAG,
    VIGIL,
    ...shown.args,
    '--runtime-dir',
    place.runtimeDir,
  ];
  return command.every(word => LAUNCHABLE.test(word)) ? command : null;
}

function inUse(windows: readonly number[], procRoot: string): string | null {
  for (const pid of windows) {
    try {
      const program = readlinkSync(`${procRoot}/${pid}/exe`);
      if (Object.hasOwn(TERMINALS, basename(program))) return program;
    } catch {
      // gone, or not ours to look at
    }
  }
  return null;
}

function installed(path: string): string | null {
  for (const name of Object.keys(TERMINALS)) {
    for (const folder of path.split(':')) {
      const program = `${folder}/${name}`;
      if (folder.startsWith('/') && statFile(program)?.isFile()) return program;
    }
  }
  return null;
}

/**
 * Where no compositor takes commands: by the user's systemd, which has the session's environment. A child of
 * our own would inherit that it may never gain a privilege, and sudo would not work in it. Answers why not.
 */
export function launchBySystemd(
  command: readonly string[],
  runtimeDir: string,
  bus: string,
): Promise<string | null> {
  return new Promise(resolve => {
    const systemdRun = findProgram('systemd-run');
    if (systemdRun === null) return resolve('neither compositor nor systemd starts programs here');
    execFile(
      systemdRun,
      ['--user', '--collect', '--quiet', '--', ...command],
      {
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        env: { XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: bus },
        cwd: '/',
      },
      error => resolve(error === null ? null : 'the user’s systemd does not start it'),
    );
  });
}
