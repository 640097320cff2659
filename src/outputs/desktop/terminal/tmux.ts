import { execFile } from 'node:child_process';
import { readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { findProgram } from '../../../lib/files/find-program.js';
import { environmentOf } from '../../../lib/proc/environment.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { readArgv } from '../../../sources/procfs/read.js';

/** One tmux server, by its process. */
export interface TmuxServer {
  pid: number;
  /** The program that certainly speaks its protocol. */
  program: string;
  socket: string;
}

export interface TmuxPane {
  /** `/dev/pts/3` */
  tty: string;
  /** `%4`, `@2`, `$0` */
  pane: string;
  window: string;
  session: string;
  /** As its person knows the session. */
  session_name: string;
  /** It is the one in front within its window. */
  active: boolean;
}

export interface TmuxClient {
  pid: number;
  tty: string;
  session: string;
  /** The window that it shows. */
  window: string;
  activity: number;
}

export interface TmuxState {
  panes: TmuxPane[];
  clients: TmuxClient[];
}

const TIMEOUT_MS = 1_000;
const MAX_OUTPUT = 1024 * 1024;
/** More of them are not looked at. */
const MAX_PANES = 2_000;
const MAX_CLIENTS = 200;
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/**
 * The server that a process of a pane lives in. `child` is the pane's first process: tmux gave it
 * `TMUX=socket,server pid,session`, whatever -L or -S the server was started with.
 */
export function tmuxServer(
  procRoot: string,
  serverPid: number,
  child: number,
  uid: number,
): TmuxServer | null {
  const socket = socketOf(procRoot, serverPid, child, uid);
  if (socket === null) return null;
  const exe = `${procRoot}/${serverPid}/exe`;
  // One in a sandbox or container may be anybody's program, and would be run outside.
  const program =
    isOutside(procRoot, serverPid) && isFile(exe) ? exe : findProgram('tmux', { folders: FOLDERS });
  return program === null ? null : { pid: serverPid, program, socket };
}

function socketOf(procRoot: string, serverPid: number, child: number, uid: number): string | null {
  const env = environmentOf(procRoot, child, ['TMUX']);
  // What cannot be told now is not guessed: the guess may be another server.
  if (env === 'unknown') return null;
  const said = env.TMUX?.split(',');
  const socket = said?.slice(0, -2).join(',');
  if (socket?.startsWith('/') && said?.at(-2) === String(serverPid) && isOwnSocket(socket, uid))
    return socket;
  const argv = readArgv(procRoot, serverPid);
  const serverEnv = environmentOf(procRoot, serverPid, ['TMUX_TMPDIR']);
  if (argv === null || serverEnv === 'unknown') return null;
  const { name, path } = tmuxOptions(argv);
  const base = serverEnv.TMUX_TMPDIR ?? '/tmp';
  const guess = path ?? `${base}/tmux-${uid}/${name ?? 'default'}`;
  return isOwnSocket(guess, uid) ? guess : null;
}

/** `tmux -L name`, `-Lname`, `-S path` */
export function tmuxOptions(argv: readonly string[]): { name: string | null; path: string | null } {
  let name: string | null = null;
  let path: string | null = null;
  for (let i = 1; i < argv.length; i++) {
    const arg = argv[i]!;
    if (!arg.startsWith('-')) break;
    const value = arg.length > 2 ? arg.slice(2) : argv[i + 1];
    if (arg.startsWith('-L')) name = basename(value ?? '') || null;
    else if (arg.startsWith('-S')) path = value ?? null;
    else if (!/^-[cfT]/.test(arg)) continue;
    if (arg.length === 2) i++;
  }
  return { name, path };
}

/** Panes and clients in one question. Null when the server does not answer. */
export async function askTmux(server: TmuxServer): Promise<TmuxState | null> {
  const panes = '#{pane_id} #{window_id} #{session_id} #{pane_active} P #{pane_tty} #{session_name}';
  const clients = '#{client_pid} #{session_id} #{window_id} #{client_activity} C #{client_tty}';
  const output = await runTmux(server, ['list-panes', '-a', '-F', panes, ';', 'list-clients', '-F', clients]);
  return output === null ? null : parseTmux(output);
}

/** `%4 @2 $0 1 P /dev/pts/3 work` and `8123 $0 @2 1795177793 C /dev/pts/1` */
export function parseTmux(output: string): TmuxState {
  const state: TmuxState = { panes: [], clients: [] };
  for (const line of output.split('\n')) {
    const pane = /^(%\d+) (@\d+) (\$\d+) ([01]) P (\S+)(?: (.{1,256}))?$/.exec(line);
    if (pane !== null && state.panes.length < MAX_PANES) {
      const [, id, window, session, active, tty, name] = pane as unknown as string[];
      const session_name = name ?? session!;
      state.panes.push({
        ...{ pane: id!, window: window!, session: session!, session_name },
        ...{ active: active === '1', tty: tty! },
      });
      continue;
    }
    const client = /^(\d+) (\$\d+) (@\d+) (\d+) C (\S+)$/.exec(line);
    if (client === null || state.clients.length >= MAX_CLIENTS) continue;
    const [, pid, session, window, activity, tty] = client as unknown as string[];
    state.clients.push({
      pid: Number(pid),
      session: session!,
      window: window!,
      activity: Number(activity),
      tty: tty!,
    });
  }
  return state;
}

/** What shows the session in any terminal: `tmux -L work attach -t shop`. */
export function attachCommand({ socket }: TmuxServer, { session_name }: TmuxPane): string {
  const server = /\/tmux-\d+\/([^/]+)$/.exec(socket)?.[1];
  const which = server === 'default' ? [] : server === undefined ? ['-S', socket] : ['-L', server];
  return ['tmux', ...which, 'attach', '-t', session_name].map(shellWord).join(' ');
}

/** Shows the pane to the client. */
export async function showPane(server: TmuxServer, pane: TmuxPane, client: TmuxClient): Promise<void> {
  const target =
    client.session === pane.session ? [] : ['switch-client', '-c', client.tty, '-t', pane.session, ';'];
  await runTmux(server, [
    ...target,
    'select-window',
    '-t',
    `${pane.session}:${pane.window}`,
    ';',
    'select-pane',
    '-t',
    pane.pane,
  ]);
}

function runTmux(server: TmuxServer, args: string[]): Promise<string | null> {
  return new Promise(resolve => {
    execFile(
      server.program,
      ['-S', server.socket, ...args],
      // -u is for clients that draw; this one only asks.
      {
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT,
        env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' },
        cwd: '/',
      },
      (error, stdout) => resolve(error === null || stdout !== '' ? stdout : null),
    );
  });
}

/** Null also when it cannot be told now: for what is asked again each time. */
export function variable(procRoot: string, pid: number, name: string): string | null {
  const env = environmentOf(procRoot, pid, [name]);
  return env === 'unknown' ? null : (env[name] ?? null);
}

/** It sees the files that we see. */
function isOutside(procRoot: string, pid: number): boolean {
  try {
    return readlinkSync(`${procRoot}/${pid}/ns/mnt`) === readlinkSync(`${procRoot}/self/ns/mnt`);
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isOwnSocket(path: string, uid: number): boolean {
  try {
    const stat = statSync(path);
    return stat.isSocket() && stat.uid === uid;
  } catch {
    return false;
  }
}
