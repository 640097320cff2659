import { statSync } from 'node:fs';
import { type Stat, ttyName } from '../../../lib/proc/stat.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { listPids, readArgv, tryStat } from '../../../sources/procfs/read.js';
import { variable } from './tmux.js';

/**
 * The clients of zellij and GNU screen. Neither can be asked which of its clients shows what: a server is a daemon
 * that owns the panes, and a client that was started plainly names no session.
 */

export type Unasked = 'zellij' | 'screen';

/** A client that begins a session starts its server at once; on a busy machine within seconds. Ticks of 10 ms. */
const BEGINS_WITHIN_TICKS = 1_000;

/** The session that `child`, the first process of a pane, was started in: `witty-cheese`, `4021.pts-3.host`. */
export function sessionName(kind: Unasked, child: Stat | undefined, procRoot: string): string | null {
  if (child === undefined) return null;
  return variable(procRoot, child.pid, kind === 'zellij' ? 'ZELLIJ_SESSION_NAME' : 'STY');
}

/** What shows a session that nobody looks at. */
export function joinCommand(kind: Unasked, name: string): string {
  return [...(kind === 'zellij' ? ['zellij', 'attach'] : ['screen', '-r']), name].map(shellWord).join(' ');
}

/** `zellij`, also where NixOS has wrapped it. */
export function programOf(comm: string): string {
  return /^\.(.+)-wrapped$/.exec(comm)?.[1] ?? comm;
}

interface Client extends Stat {
  argv: readonly string[];
}

/**
 * The client that shows the session of `server`; null: nobody looks at it, or nothing says which does. A window
 * that is titled by the session knows best (a client of zellij may have gone to another one); then its name among
 * the client's arguments; then who began it; at last who can be showing no other session.
 */
export function clientShowing(
  { kind, server, name }: { kind: Unasked; server: Stat; name: string | null },
  { procRoot, uid }: { procRoot: string; uid: number },
  isTitled: (client: number) => boolean,
): number | null {
  const all = processesOf(kind, procRoot, uid);
  const clients = all.filter(
    ({ pid, tty_nr, argv }) => pid !== server.pid && tty_nr !== 0 && !isServer(argv),
  );
  const plain = clients.filter(({ argv }) => !namesOne(argv));
  const elsewhere = new Set(
    all.filter(one => one.tty_nr === 0 && one.pid !== server.pid).map(other => beginner(other, plain)?.pid),
  );
  const free = plain.filter(({ pid }) => !elsewhere.has(pid));
  const found =
    only(clients.filter(({ pid }) => isTitled(pid))) ??
    clients.filter(({ argv }) => name !== null && argv.slice(1).some(arg => names(arg, name))).at(-1) ??
    beginner(server, plain) ??
    only(free.filter(({ tty_nr }) => name?.split('.')[1] === ttyName(tty_nr)?.replace('/', '-'))) ??
    only(free);
  return found?.pid ?? null;
}

function processesOf(kind: Unasked, procRoot: string, uid: number): Client[] {
  return listPids(procRoot)
    .filter(pid => isOwn(procRoot, pid, uid))
    .map(pid => tryStat(procRoot, pid))
    .filter(stat => stat !== null)
    .filter(({ comm }) => programOf(comm) === kind)
    .map(stat => ({ ...stat, argv: readArgv(procRoot, stat.pid) ?? [] }));
}

function isServer(argv: readonly string[]): boolean {
  return argv.includes('--server') || argv[0] === 'SCREEN';
}

/** Who began a server: its parent, as long as that has not left it, or who was started last before it. */
function beginner(server: Stat, clients: readonly Client[]): Client | undefined {
  const parent = clients.find(({ pid }) => pid === server.ppid);
  const before = clients.filter(({ start_ticks }) => {
    const ticks = server.start_ticks - start_ticks;
    return ticks >= 0 && ticks < BEGINS_WITHIN_TICKS;
  });
  return parent ?? before.sort((a, b) => b.start_ticks - a.start_ticks)[0];
}

/** `attach work`, `-s work`, `-r 4021.work`: it is about one session, and says which. */
function namesOne(argv: readonly string[]): boolean {
  return argv.some(
    (arg, i) => /^(a|attach|--session|-[sSxrRdD]{1,2})$/.test(arg) && /^[^-]/.test(argv[i + 1] ?? ''),
  );
}

/** `screen -r work` means 4021.work. */
function names(arg: string, session: string): boolean {
  return arg === session || session.endsWith(`.${arg}`) || session.startsWith(`${arg}.`);
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

function isOwn(procRoot: string, pid: number, uid: number): boolean {
  try {
    return statSync(`${procRoot}/${pid}`).uid === uid;
  } catch {
    return false;
  }
}
