import { failureOf } from '../../../lib/files/bounded-read.js';
import { type Stat, ttyName } from '../../../lib/proc/stat.js';
import { printable } from '../../../lib/text/printable.js';
import { listPids, tryStat } from '../../../sources/procfs/read.js';
import type { DesktopWindow } from '../compositors/compositor.js';
import { topicOf } from '../compositors/topic.js';
import { clientShowing, joinCommand, programOf, sessionName } from './clients.js';
import { controlOf, type TerminalControl } from './remote-control.js';
import {
  askTmux,
  attachCommand,
  type TmuxClient,
  type TmuxPane,
  type TmuxServer,
  type TmuxState,
  tmuxServer,
  variable,
} from './tmux.js';

/** A pane on the way from the agent to its window. */
export interface PanePlace {
  server: TmuxServer;
  pane: TmuxPane;
  client: TmuxClient;
}

/** Where an agent is to be seen. */
export interface Place {
  /** Null: nowhere (ssh, a console, a detached tmux, no compositor). */
  window: number | null;
  /** Innermost first. */
  panes: PanePlace[];
  /** Nobody looks at the multiplexer's session that it is in: this command does. */
  attach: string | null;
  /** Why it is not known in which window it is, though there are some; null: it is, or there is none. */
  doubt: string | null;
  /** It may be in a tab that is not in front, which only the window's title tells: this much of it. Null: it has no tabs. */
  tab_title: string | null;
  /** How the terminal brings the tab to the front; null: it cannot be told to. */
  control: TerminalControl | null;
}

export interface LocateOptions {
  procRoot: string;
  uid: number;
  windows: ReadonlyMap<number, DesktopWindow>;
  /** Asks a tmux server; may answer from a cache unless `fresh`. */
  tmux?(server: TmuxServer, fresh: boolean): Promise<TmuxState | null>;
}

const MAX_ANCESTORS = 64;
const MAX_MULTIPLEXERS = 4;
const NOWHERE: Place = { window: null, panes: [], attach: null, doubt: null, tab_title: null, control: null };

/** Walks up from the agent: its parents, the client that shows its pane, that client's parents, the window. */
export async function locate(
  agent: { pid: number; title: string | null },
  options: LocateOptions,
): Promise<Place> {
  let asked = false;
  const ask =
    (fresh: boolean): Ask =>
    server => {
      asked = true;
      return (options.tmux ?? askTmux)(server, fresh);
    };
  try {
    const place = await walk(agent, options, ask(false));
    if (place.window !== null || !asked || options.windows.size === 0) return place;
    // What is remembered of tmux may be older than the pane, or than its client.
    return await walk(agent, options, ask(true));
  } catch (error) {
    if (failureOf(error) !== 'ours') throw error;
    return NOWHERE;
  }
}

type Ask = (server: TmuxServer) => Promise<TmuxState | null>;

async function walk(
  agent: { pid: number; title: string | null },
  options: LocateOptions,
  ask: Ask,
): Promise<Place> {
  const panes: PanePlace[] = [];
  let from = agent.pid;
  for (let hops = 0; hops <= MAX_MULTIPLEXERS; hops++) {
    const chain = ancestors(options.procRoot, from);
    // A client may have the name of its server: it is where the walk goes on, not where it came from. It stays
    // in the chain: it may be what its pane runs, and it knows the X11 window that it stands in.
    const first = hops === 0 ? 0 : 1;
    const at = chain.findIndex(
      ({ pid, comm }, i) => i >= first && (ownsWindow(pid, options) || multiplexer(comm) !== null),
    );
    const found = chain[at];
    if (found === undefined) return { ...NOWHERE, window: windowByX11(chain, options), panes };
    if (ownsWindow(found.pid, options)) {
      return { ...NOWHERE, ...windowOf(found, chain.slice(0, at), agent, options), panes };
    }
    const client = await clientOf(found, chain[at - 1], chain, { ...options, ask }, panes);
    if (typeof client !== 'number') return { ...NOWHERE, panes, attach: client };
    from = client;
  }
  return { ...NOWHERE, panes };
}

function ancestors(procRoot: string, pid: number): Stat[] {
  const chain: Stat[] = [];
  for (let next = pid; next > 1 && chain.length < MAX_ANCESTORS; ) {
    const stat = tryStat(procRoot, next);
    if (stat === null) break;
    chain.push(stat);
    next = stat.ppid;
  }
  return chain;
}

function multiplexer(comm: string): 'tmux' | 'zellij' | 'screen' | null {
  if (comm.startsWith('tmux: server')) return 'tmux';
  const program = programOf(comm);
  return program === 'zellij' || program === 'screen' ? program : null;
}

/**
 * The process that shows what the multiplexer's server `found` keeps. Where nobody looks at it: the command that does, null
 * if its session has no name.
 */
async function clientOf(
  found: Stat,
  child: Stat | undefined,
  chain: Stat[],
  options: LocateOptions & { ask: Ask },
  panes: PanePlace[],
): Promise<number | string | null> {
  const kind = multiplexer(found.comm);
  if (kind === null) return null;
  if (kind !== 'tmux') {
    const name = sessionName(kind, child, options.procRoot);
    const isTitled = (client: number) => name !== null && hasTitle(client, `(${name})`, options);
    const client = clientShowing({ kind, server: found, name }, options, isTitled);
    return client ?? (name === null ? null : joinCommand(kind, name));
  }
  if (child === undefined) return null;
  const server = tmuxServer(options.procRoot, found.pid, child.pid, options.uid);
  if (server === null) return null;
  // The pane's own terminal is its first process's. What is below may be on another, and a container's has the name of
  // one of the machine's: it only counts where the first process has left its terminal.
  const own = `/dev/${ttyName(child.tty_nr)}`;
  const below = new Set(chain.map(stat => `/dev/${ttyName(stat.tty_nr)}`));
  const state = await options.ask(server);
  if (state === null) return null;
  const isThere = state.panes.some(({ tty }) => tty === own);
  const isPane = ({ tty }: TmuxPane) => (isThere ? tty === own : below.has(tty));
  const shown = bestClient(state, isPane);
  if (shown === null) {
    const pane = state.panes.find(isPane);
    return pane === undefined ? null : attachCommand(server, pane);
  }
  panes.push({ server, ...shown });
  return shown.client.pid;
}

/** Of all clients of the pane's sessions: one that shows its window, else the one used last. */
export function bestClient(
  state: TmuxState,
  isPane: (pane: TmuxPane) => boolean,
): { pane: TmuxPane; client: TmuxClient } | null {
  const candidates = state.panes
    .filter(isPane)
    .flatMap(pane =>
      state.clients.filter(client => client.session === pane.session).map(client => ({ pane, client })),
    );
  const shows = ({ pane, client }: { pane: TmuxPane; client: TmuxClient }) =>
    Number(client.window === pane.window);
  candidates.sort((a, b) => shows(b) - shows(a) || b.client.activity - a.client.activity);
  return candidates[0] ?? null;
}

function ownsWindow(pid: number, { windows }: LocateOptions): boolean {
  for (const window of windows.values()) if (window.pid === pid) return true;
  return false;
}

/** A window that the process stands in has such a title. zellij's are `Zellij (witty-cheese) - Pane #1`. */
function hasTitle(pid: number, title: string, options: LocateOptions): boolean {
  const owner = ancestors(options.procRoot, pid).find(one => ownsWindow(one.pid, options));
  return [...options.windows.values()].some(
    window => window.pid === owner?.pid && window.title.includes(title),
  );
}

/** Which of a terminal program's windows shows the process below it. `below` is the way down to the agent. */
function windowOf(
  terminal: Stat,
  below: Stat[],
  agent: { title: string | null },
  options: LocateOptions,
): Pick<Place, 'window' | 'doubt' | 'tab_title' | 'control'> {
  const { procRoot, windows } = options;
  const own = [...windows.values()].filter(({ pid }) => pid === terminal.pid);
  const shell = below.at(-1);
  const control = shell === undefined ? null : controlOf(procRoot, shell.pid);
  const sure = (window: number) => ({ window, doubt: null, tab_title: null, control });
  const x11 = shell === undefined ? null : variable(procRoot, shell.pid, 'WINDOWID');
  const byX11 = own.find(window => x11 !== null && window.x11 === Number(x11));
  const title = topicOf(agent.title);
  const ttys = own.length > 1 || hasTabs(terminal.comm) ? ttysOf(procRoot, terminal.pid) : [];
  const tab_title = hasTabs(terminal.comm) && ttys.length > own.length && title !== '' ? title : null;
  const one = own.length === 1 ? own[0] : byX11;
  if (one !== undefined) return { ...sure(one.id), tab_title };
  const titled = title === '' ? [] : own.filter(window => window.title.includes(title));
  if (titled.length === 1) return { ...sure(titled[0]!.id), tab_title };
  const ordered = byOrder(ttys, shell, own);
  if (ordered !== null) return sure(ordered);
  const doubt = `${printable(terminal.comm, 16)} has ${own.length} windows and does not tell which of them it is in`;
  return { window: null, doubt, tab_title: null, control };
}

/** Terminals that can have several shells behind one window; editors have titles of their own. */
const TABBED =
  /^(kitty|wezterm-gui|gnome-terminal-|konsole|ghostty|ptyxis|kgx|tilix|terminator|xfce4-terminal|mate-terminal|qterminal|rio|contour)/;

function hasTabs(comm: string): boolean {
  return TABBED.test(programOf(comm));
}

/** i3 names no processes, but X11 terminals tell their shells their window. */
function windowByX11(chain: Stat[], { procRoot, windows }: LocateOptions): number | null {
  const unowned = [...windows.values()].filter(({ pid, x11 }) => pid === null && x11 !== null);
  if (unowned.length === 0) return null;
  for (const { pid } of chain) {
    const x11 = variable(procRoot, pid, 'WINDOWID');
    if (x11 === null) continue;
    return unowned.find(window => window.x11 === Number(x11))?.id ?? null;
  }
  return null;
}

/** A terminal's windows and the terminals of its children are made in the same order; null: they do not go together. */
function byOrder(ttys: readonly number[], shell: Stat | undefined, own: DesktopWindow[]): number | null {
  const index = shell === undefined ? -1 : ttys.indexOf(shell.tty_nr);
  const sorted = own.map(({ id }) => id).sort((a, b) => a - b);
  // Tabs, or a window that is no terminal: nothing says which it is.
  return index >= 0 && ttys.length === sorted.length ? sorted[index]! : null;
}

/** Of the children of a terminal, in the order in which they came. */
function ttysOf(procRoot: string, terminal: number): number[] {
  const children = listPids(procRoot)
    .map(pid => tryStat(procRoot, pid))
    .filter(stat => stat !== null)
    .filter(stat => stat.ppid === terminal && stat.tty_nr !== 0)
    .sort((a, b) => a.start_ticks - b.start_ticks || a.pid - b.pid);
  return [...new Set(children.map(stat => stat.tty_nr))];
}
