import { Backoff } from '../../../lib/process/backoff.js';
import { tryStat } from '../../../sources/procfs/read.js';
import type { Log } from '../out.js';
import { locate, type Place } from '../terminal/locate.js';
import { bringToFront } from '../terminal/remote-control.js';
import { askTmux, showPane, type TmuxServer, type TmuxState } from '../terminal/tmux.js';
import type { Compositor, CompositorListener, DesktopWindow } from './compositor.js';
import type { CompositorAddress } from './discover.js';
import { HyprlandCompositor } from './hyprland.js';
import { I3Compositor } from './i3.js';
import { NiriCompositor } from './niri.js';

/** A terminal tells its compositor of a new title so soon. */
const TITLE_MS = 150;
/** tmux is asked at most so often, however many agents and events there are. */
const TMUX_FRESH_MS = 1_000;
/** Also when the answer did not help. */
const TMUX_FRESH_AT_LEAST_MS = 50;

const NO_WINDOWS: ReadonlyMap<number, DesktopWindow> = new Map();

export interface DesktopOptions {
  procRoot: string;
  uid: number;
  log: Log;
  now(): number;
  /** Windows, or the focus, changed; or the compositor came or went. */
  changed(): void;
  /** The compositor is gone: look for one again. */
  lost(): void;
}

/** The user's compositor, if there is one, and where on it each agent is to be seen. */
export class Desktop {
  private compositor: Compositor | null = null;
  private address = '';
  private connecting = false;
  private readonly backoff = new Backoff({ once_at_once: true });
  private readonly places = new Map<number, Place>();
  private readonly tmuxStates = new Map<number, { at_ms: number; state: Promise<TmuxState | null> }>();

  constructor(private readonly options: DesktopOptions) {}

  /** Null: none that we can speak to. */
  get name(): Compositor['name'] | null {
    return this.compositor?.name ?? null;
  }

  /** The processes that own windows. */
  windowPids(): number[] {
    const windows = [...(this.compositor?.windows() ?? NO_WINDOWS).values()];
    return [...new Set(windows.map(({ pid }) => pid).filter(pid => pid !== null))];
  }

  /** Starts a program as the person would. Rejects when the compositor refuses; false: there is none. */
  async launch(command: readonly string[]): Promise<boolean> {
    if (this.compositor === null) return false;
    await this.compositor.launch(command);
    return true;
  }

  /** Connects to the first that answers, unless connected. */
  async use(addresses: readonly CompositorAddress[]): Promise<void> {
    if (this.compositor !== null || this.connecting || !this.backoff.mayTry) return;
    this.connecting = true;
    this.backoff.begun();
    try {
      for (const address of addresses) if (await this.connect(address)) return;
    } finally {
      this.connecting = false;
    }
  }

  close(): void {
    this.compositor?.close();
    this.compositor = null;
  }

  focused(): number | null {
    return this.compositor?.focused() ?? null;
  }

  windowIds(): number[] {
    return [...(this.compositor?.windows() ?? NO_WINDOWS).keys()];
  }

  hasWindow(window: number): boolean {
    return this.compositor?.windows().has(window) ?? false;
  }

  /** From the cache; undefined when it was never looked for. */
  place(pid: number): Place | undefined {
    const place = this.places.get(pid);
    if (place?.window != null && !this.hasWindow(place.window)) return { ...place, window: null };
    return place;
  }

  /** Looks again. tmux is asked anew unless that was just now. */
  async locate(agent: { pid: number; title: string | null }): Promise<Place> {
    const { procRoot, uid } = this.options;
    const windows = this.compositor?.windows() ?? NO_WINDOWS;
    const place = await locate(agent, {
      procRoot,
      uid,
      windows,
      tmux: (server, fresh) => this.tmux(server, fresh ? TMUX_FRESH_AT_LEAST_MS : TMUX_FRESH_MS),
    });
    this.places.set(agent.pid, place);
    return place;
  }

  forgetAllBut(pids: ReadonlySet<number>): void {
    for (const pid of this.places.keys()) if (!pids.has(pid)) this.places.delete(pid);
    for (const pid of this.tmuxStates.keys())
      if (tryStat(this.options.procRoot, pid) === null) this.tmuxStates.delete(pid);
  }

  /** What was found is doubtful now. */
  forgetPlaces(): void {
    this.places.clear();
    this.tmuxStates.clear();
  }

  /** The person has it before their eyes: the window has the focus, and each tmux shows the right window. */
  isSeen(pid: number): boolean {
    const place = this.place(pid);
    if (place === undefined || place.window === null || place.window !== this.focused()) return false;
    // Another tab of the window is in front.
    if (place.tab_title !== null && place.panes.length === 0 && !this.isTitled(place.window, place.tab_title))
      return false;
    return place.panes.every(({ pane, client }) => client.window === pane.window);
  }

  private isTitled(window: number, title: string): boolean {
    return this.compositor?.windows().get(window)?.title.includes(title) ?? false;
  }

  /** Brings the agent before the person's eyes. Answers why not, or null. */
  async show(agent: { pid: number; title: string | null }): Promise<string | null> {
    this.tmuxStates.clear();
    let place = await this.locate(agent);
    for (const { server, pane, client } of [...place.panes].reverse()) await showPane(server, pane, client);
    this.tmuxStates.clear();
    // The window whose tab it is has its title then.
    if (place.control !== null && (await bringToFront(place.control))) {
      if (place.window === null) await new Promise(resolve => setTimeout(resolve, TITLE_MS));
      if (place.window === null) place = await this.locate(agent);
    }
    if (place.attach !== null) return `no window is known that shows its session: ${place.attach}`;
    if (place.window === null)
      return this.compositor === null ? 'no compositor answers' : (place.doubt ?? 'it has no window');
    try {
      await this.compositor?.focus(place.window);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  private async connect(address: CompositorAddress): Promise<boolean> {
    const where = address.name === 'hyprland' ? address.directory : address.socket;
    let mine: Compositor | null = null;
    const listener: CompositorListener = {
      changed: () => {
        if (mine !== null) this.options.changed();
      },
      closed: why => {
        if (mine === null || this.compositor !== mine) return;
        this.compositor = null;
        this.forgetPlaces();
        const again_in_ms = this.backoff.failed();
        this.options.log('info', `${address.name} is gone: ${why}`, { socket: where, again_in_ms });
        this.options.changed();
        this.options.lost();
      },
    };
    try {
      mine = await connectTo(address, listener);
    } catch (error) {
      this.options.log('debug', `${address.name} does not answer: ${(error as Error).message}`, {
        socket: where,
      });
      return false;
    }
    this.compositor = mine;
    this.address = where;
    this.forgetPlaces();
    this.options.log('info', `connected to ${address.name}`, { socket: this.address });
    this.options.changed();
    return true;
  }

  private tmux(server: TmuxServer, max_age_ms: number): Promise<TmuxState | null> {
    const known = this.tmuxStates.get(server.pid);
    const now_ms = this.options.now();
    if (known !== undefined && now_ms - known.at_ms < max_age_ms) return known.state;
    const state = askTmux(server);
    this.tmuxStates.set(server.pid, { at_ms: now_ms, state });
    return state;
  }
}

function connectTo(address: CompositorAddress, listener: CompositorListener): Promise<Compositor> {
  switch (address.name) {
    case 'hyprland':
      return HyprlandCompositor.connect(address.directory, listener);
    case 'niri':
      return NiriCompositor.connect(address.socket, listener);
    default:
      return I3Compositor.connect(address.name, address.socket, listener);
  }
}
