import type { Attention } from './badges/attention.js';
import type { Desktop } from './compositors/desktop.js';
import { type HelperAgent, idOf } from './protocol.js';

/** Finding the window may take so long before a popup goes out without knowing. */
const LOCATE_MS = 80;
/** tmux does not tell that the person switched its window; asked only while that would be news. */
const TMUX_LOOK_MS = 1_000;
/**
 * A terminal's window is there before the client in it is: after windows changed, agents without one are looked
 * for again, so often and so long.
 */
const SEEK_MS = 300;
const SETTLED_AFTER_MS = 2_000;

/** Where each agent is to be seen, and whether its person sees it. */
export class VisibilityTracker {
  private agents: readonly HelperAgent[] = [];
  private states = new Map<number, string>();
  private seen = new Set<number>();
  private windows = '';
  private settled_ms = 0;
  private sought_ms = 0;
  private locating = false;
  private closed = false;
  private readonly relocate = new Set<number>();
  private readonly asked = new Map<number, number>();

  constructor(
    private readonly desktop: Desktop,
    private readonly attention: Attention,
    private readonly now: () => number,
    /** Something that is known of a place may be new. */
    private readonly changed: () => void,
  ) {}

  close(): void {
    this.closed = true;
  }

  isSeen(pid: number): boolean {
    return this.seen.has(pid);
  }

  /** Agents that changed are looked for again. */
  setAgents(agents: readonly HelperAgent[]): void {
    this.agents = agents;
    const states = new Map(
      agents.map(agent => [idOf(agent), `${agent.state} ${agent.reason} ${agent.since_ms}`]),
    );
    for (const agent of agents)
      if (this.states.get(idOf(agent)) !== states.get(idOf(agent))) this.relocate.add(agent.pid);
    this.states = states;
    this.desktop.forgetAllBut(new Set(agents.map(({ pid }) => pid)));
    void this.locate();
  }

  /** The compositor said something, or is gone, or is new. */
  desktopChanged(): void {
    const windows = this.desktop.windowIds().join(' ');
    const focused = this.desktop.focused();
    for (const { pid } of this.agents) {
      const place = this.desktop.place(pid);
      const homeless = place === undefined || place.window === null;
      const mayHaveMoved = place !== undefined && place.window === focused && place.panes.length > 0;
      if ((homeless && windows !== this.windows) || mayHaveMoved) this.relocate.add(pid);
    }
    if (windows !== this.windows) this.settled_ms = this.now() + SETTLED_AFTER_MS;
    this.windows = windows;
    this.changed();
    if (this.relocate.size > 0) void this.locate();
  }

  /** Who is seen now, and who is not any more. Adds to `dues` when to look again. */
  look(now_ms: number, dues: number[]): void {
    const focused = this.desktop.focused();
    const seen = new Set<number>();
    for (const agent of this.agents) {
      if (this.desktop.isSeen(agent.pid)) {
        seen.add(agent.pid);
        const due_ms = this.attention.look(agent, now_ms);
        if (due_ms !== null) dues.push(due_ms);
        continue;
      }
      if (this.seen.has(agent.pid)) this.attention.lookAway(agent);
      const place = this.desktop.place(agent.pid);
      if (this.attention.unseen(idOf(agent)) > 0 && place?.window != null && place.window === focused)
        this.askTmux(agent.pid, dues, now_ms);
    }
    this.seen = seen;
    this.seek(now_ms, dues);
  }

  /** It is in another window of the tmux that has the focus: ask tmux, once a second. */
  private askTmux(pid: number, dues: number[], now_ms: number): void {
    const last_ms = this.asked.get(pid) ?? 0;
    if (now_ms - last_ms >= TMUX_LOOK_MS) {
      this.asked.clear();
      this.asked.set(pid, now_ms);
      this.locateSoon([pid]);
    }
    dues.push((this.asked.get(pid) ?? now_ms) + TMUX_LOOK_MS);
  }

  private seek(now_ms: number, dues: number[]): void {
    if (now_ms >= this.settled_ms) return;
    const homeless = this.agents
      .filter(({ pid, state }) => state !== 'EXITED' && this.desktop.place(pid)?.window === null)
      .map(({ pid }) => pid);
    if (homeless.length === 0) return;
    if (now_ms - this.sought_ms >= SEEK_MS) {
      this.sought_ms = now_ms;
      this.locateSoon(homeless);
    }
    dues.push(this.sought_ms + SEEK_MS);
  }

  private locateSoon(pids: readonly number[]): void {
    for (const pid of pids) this.relocate.add(pid);
    if (!this.locating) queueMicrotask(() => void this.locate());
  }

  private async locate(): Promise<void> {
    if (this.locating) return;
    this.locating = true;
    try {
      while (this.relocate.size > 0 && !this.closed) {
        const wanted = this.agents.filter(({ pid, state }) => this.relocate.has(pid) && state !== 'EXITED');
        this.relocate.clear();
        const found = Promise.all(wanted.map(agent => this.desktop.locate(agent)));
        const late = setTimeout(() => this.changed(), LOCATE_MS);
        await found;
        clearTimeout(late);
      }
    } finally {
      this.locating = false;
    }
    this.changed();
  }
}
