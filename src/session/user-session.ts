import { type FSWatcher, watch } from 'node:fs';
import { statFile } from '../proc/stat-file.js';
import { Attention } from './badges/attention.js';
import { type Badge, type BadgePart, badgeOf } from './badges/badge.js';
import { BadgeFiles } from './badges/files.js';
import { SessionBus } from './bus.js';
import { Claim } from './claim.js';
import { Desktop } from './desktop/desktop.js';
import { discover } from './desktop/discover.js';
import { decide, type EventMemory } from './notify/policy.js';
import { Popups } from './notify/popups.js';
import { Once, type Out } from './out.js';
import type { HandAgent, HandConfig } from './protocol.js';
import { type TrayAction, trayModel } from './tray/model.js';
import { Tray } from './tray/tray.js';

const PROC = '/proc';
/** Finding the window may take so long before a popup goes out without knowing. */
const LOCATE_MS = 80;
const DISCOVER_SOON_MS = 50;
/** Looking for what is missing, when nothing announces it. */
const DISCOVER_AGAIN_MS = 5_000;
/** Nobody is logged in: one stat() so often. */
const LOGIN_MS = 1_000;
/** tmux does not tell that the person switched its window; asked only while that would be news. */
const TMUX_LOOK_MS = 1_000;

const INTERESTING = /^(bus|sway-ipc|i3|hypr|wayland)/;

/** Everything that a user's desktop gets to see. */
export class UserSession {
  private agents: HandAgent[] = [];
  private states = new Map<number, string>();
  private memory: ReadonlyMap<number, EventMemory> = new Map();
  private seen = new Set<number>();
  private unseenSent = '[]';
  private readonly attention = new Attention();
  private readonly badges: BadgeFiles | null;
  private readonly desktop: Desktop;
  private readonly bus: SessionBus;
  private readonly popups: Popups;
  private readonly tray: Tray | null;
  /** By the person, in the tray: no popups and no badges until they say otherwise. */
  private paused = false;
  private readonly claim: Claim;
  private readonly once: Once;
  private inode = 0;
  private started = false;
  private watcher: FSWatcher | null = null;
  private timer: NodeJS.Timeout | null = null;
  private discoverTimer: NodeJS.Timeout | null = null;
  private windows = '';
  private locating = false;
  private relocate = new Set<number>();
  private closed = false;
  private readonly started_ms: number;

  constructor(
    private readonly runtimeDir: string,
    private readonly uid: number,
    private readonly config: HandConfig,
    private readonly out: Out,
    private readonly now: () => number,
  ) {
    const { log } = out;
    this.claim = new Claim(`${runtimeDir}/vigil/desktop.sock`);
    this.once = new Once(log);
    // An agent that ended its turn while a hand was being started anew is still news.
    this.started_ms = now() - 5_000;
    this.badges = config.badges.enabled ? new BadgeFiles(runtimeDir, config.badges, log, now) : null;
    this.desktop = new Desktop({
      procRoot: PROC,
      uid,
      log,
      now,
      changed: () => this.desktopChanged(),
      lost: () => this.discoverIn(DISCOVER_SOON_MS),
    });
    this.bus = new SessionBus(
      log,
      {
        connected: () => {
          void this.popups.connected();
          void this.tray?.connected();
        },
        lost: () => {
          this.popups.lost();
          this.tray?.lost();
        },
        signal: message => {
          this.popups.signal(message);
          this.tray?.busSignal(message);
        },
      },
      () => this.discoverIn(DISCOVER_SOON_MS),
    );
    this.tray = config.tray.enabled ? new Tray(this.bus, log, action => this.trayAction(action)) : null;
    this.popups = new Popups(this.bus, log, config.notifications.snooze_minutes, {
      focus: pid => void this.focus(pid),
      snooze: (pid, key) => this.snooze(pid, key),
      dismissed: (pid, key) => this.forget(pid, key),
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watcher?.close();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
    this.badges?.close();
    await this.popups.close();
    this.bus.close();
    this.desktop.close();
    this.claim.release();
  }

  setAgents(agents: readonly HandAgent[]): void {
    this.agents = agents.filter(agent => agent.interactive);
    // Who has nothing to show leaves the desktop to others.
    if (this.agents.length > 0 && !this.started) {
      this.started = true;
      this.discoverIn(0);
    }
    const states = new Map(
      this.agents.map(agent => [agent.pid, `${agent.state} ${agent.reason} ${agent.since_ms}`]),
    );
    for (const [pid, state] of states) if (this.states.get(pid) !== state) this.relocate.add(pid);
    this.states = states;
    this.attention.update(this.agents, this.now());
    this.desktop.forgetAllBut(new Set(states.keys()));
    void this.locateAndRefresh();
  }

  /** Brings the agent before its person. */
  async focus(pid: number): Promise<void> {
    const agent = this.agents.find(one => one.pid === pid);
    if (agent === undefined) return;
    const why = await this.desktop.show(agent);
    if (why !== null) this.out.log('info', `cannot focus an agent: ${why}`, { pid });
    this.refresh();
  }

  private trayAction(action: TrayAction): void {
    if (action.type === 'focus') {
      void this.focus(action.pid);
      return;
    }
    this.paused = action.type === 'quit' || !this.paused;
    this.out.log('info', this.paused ? 'paused by its person' : 'resumed by its person');
    this.refresh();
    if (action.type === 'quit') this.tray?.close();
  }

  private async locateAndRefresh(): Promise<void> {
    if (this.locating) return;
    this.locating = true;
    try {
      while (this.relocate.size > 0 && !this.closed) {
        const wanted = this.agents.filter(({ pid, state }) => this.relocate.has(pid) && state !== 'EXITED');
        this.relocate.clear();
        const found = Promise.all(wanted.map(agent => this.desktop.locate(agent)));
        const late = setTimeout(() => this.refresh(), LOCATE_MS);
        await found;
        clearTimeout(late);
      }
    } finally {
      this.locating = false;
    }
    this.refresh();
  }

  /** The compositor said something, or is gone, or is new. */
  private desktopChanged(): void {
    const windows = this.desktop.windowIds().join(' ');
    const focused = this.desktop.focused();
    for (const { pid } of this.agents) {
      const place = this.desktop.place(pid);
      const homeless = place === undefined || place.window === null;
      const mayHaveMoved = place !== undefined && place.window === focused && place.panes.length > 0;
      if ((homeless && windows !== this.windows) || mayHaveMoved) this.relocate.add(pid);
    }
    this.windows = windows;
    this.refresh();
    if (this.relocate.size > 0) void this.locateAndRefresh();
  }

  /** Makes badges and popups what they should be. Cheap, and the same again when nothing changed. */
  private refresh(): void {
    if (this.closed || !this.claim.held) return;
    const now_ms = this.now();
    const dues: number[] = [];
    this.look(now_ms, dues);
    this.refreshBadges(now_ms, dues);
    const date = new Date();
    const decision = decide(this.memory, {
      agents: this.agents,
      isSeen: pid => this.seen.has(pid),
      now_ms,
      minute_of_day: date.getHours() * 60 + date.getMinutes(),
      started_ms: this.started_ms,
      config: this.config.notifications,
    });
    this.memory = decision.memory;
    this.popups.set(this.paused ? new Map() : decision.wishes);
    this.tray?.set(
      trayModel(this.agents, pid => this.attention.unseen(pid), this.paused, this.config.notifications),
    );
    if (decision.again_ms !== null) dues.push(decision.again_ms);
    this.tellUnseen();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (dues.length === 0) return;
    const delay_ms = Math.max(5, Math.min(...dues) - now_ms);
    this.timer = setTimeout(() => this.refresh(), Math.min(delay_ms, 2 ** 31 - 1));
  }

  /** Who is seen now, and who is not any more. */
  private look(now_ms: number, dues: number[]): void {
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
      if (this.attention.unseen(agent.pid) > 0 && place?.window != null && place.window === focused)
        this.lookAgain(agent.pid, dues, now_ms);
    }
    this.seen = seen;
  }

  private readonly looked = new Map<number, number>();
  /** It is in another window of the tmux that has the focus: ask tmux, once a second. */
  private lookAgain(pid: number, dues: number[], now_ms: number): void {
    const last_ms = this.looked.get(pid) ?? 0;
    if (now_ms - last_ms >= TMUX_LOOK_MS) {
      this.looked.clear();
      this.looked.set(pid, now_ms);
      this.relocate.add(pid);
      if (!this.locating) queueMicrotask(() => void this.locateAndRefresh());
    }
    dues.push((this.looked.get(pid) ?? now_ms) + TMUX_LOOK_MS);
  }

  private refreshBadges(now_ms: number, dues: number[]): void {
    if (this.badges === null) return;
    const windows = new Map<number, BadgePart[]>();
    const badges: Badge[] = [];
    for (const agent of this.agents) {
      const part = { agent, unseen: this.attention.unseen(agent.pid) };
      const place = this.desktop.place(agent.pid);
      if (place === undefined) continue;
      if (place.window === null) {
        const badge = badgeOf(agent.pid, [part], now_ms);
        if (badge !== null) badges.push({ ...badge, tty: agent.tty });
      } else {
        const parts = windows.get(place.window);
        if (parts === undefined) windows.set(place.window, [part]);
        else parts.push(part);
      }
    }
    for (const [window, parts] of windows) {
      const badge = badgeOf(window, parts, now_ms);
      if (badge !== null) badges.push(badge);
    }
    this.badges.set(this.paused ? [] : badges);
    const dueIn_ms = this.badges.dueIn();
    if (dueIn_ms === 0) this.badges.sync();
    const next_ms = this.badges.dueIn();
    if (next_ms !== null) dues.push(now_ms + Math.max(next_ms, 100));
  }

  private tellUnseen(): void {
    const counts = this.agents
      .map(({ pid }): [number, number] => [pid, Math.min(9999, this.attention.unseen(pid))])
      .filter(([, unseen]) => unseen > 0)
      .slice(0, 1000);
    const text = JSON.stringify(counts);
    if (text === this.unseenSent) return;
    this.unseenSent = text;
    this.out.send({ type: 'unseen', counts });
  }

  private snooze(pid: number, key: string): void {
    this.remember(pid, key, memory => ({
      ...memory,
      snoozed_until_ms: this.now() + this.config.notifications.snooze_minutes * 60_000,
    }));
  }

  private forget(pid: number, key: string): void {
    this.remember(pid, key, memory =>
      memory.snoozed_until_ms === null ? { ...memory, fate: 'gone' } : memory,
    );
  }

  private remember(pid: number, key: string, change: (memory: EventMemory) => EventMemory): void {
    const memory = this.memory.get(pid);
    if (memory?.key !== key) return;
    this.memory = new Map(this.memory).set(pid, change(memory));
    this.refresh();
  }

  private discoverIn(delay_ms: number): void {
    if (this.closed || (this.discoverTimer !== null && delay_ms > 0)) return;
    if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
    this.discoverTimer = setTimeout(() => {
      this.discoverTimer = null;
      void this.discover();
    }, delay_ms);
  }

  /** Finds bus and compositor, and looks again while something is missing. */
  private async discover(): Promise<void> {
    this.watchRuntimeDir();
    if (!(await this.mayServe())) return this.discoverIn(this.inode === 0 ? LOGIN_MS : DISCOVER_AGAIN_MS);
    this.refresh();
    const { bus, compositors } = discover(this.runtimeDir, this.uid, PROC);
    await Promise.all([bus === null ? null : this.bus.use(bus), this.desktop.use(compositors)]);
    if (this.bus.connection === null || this.desktop.name === 'none') this.discoverIn(DISCOVER_AGAIN_MS);
    this.refresh();
  }

  /** There is a session, and no other hand serves it. */
  private async mayServe(): Promise<boolean> {
    // Without a login there is nobody to be reached.
    if (this.inode === 0) return false;
    if (this.claim.held) return true;
    if (!(await this.claim.take())) {
      this.once.warn('claim', 'another vigil serves this desktop already; waiting for it to end');
      return false;
    }
    this.once.clear('claim', 'the other vigil is gone: this one serves the desktop');
    this.badges?.cleanUp();
    return true;
  }

  /** The runtime directory comes with the first login and goes with the last logout. */
  private watchRuntimeDir(): void {
    const inode = statFile(this.runtimeDir)?.ino ?? 0;
    if (this.watcher !== null && inode === this.inode) return;
    this.watcher?.close();
    this.watcher = null;
    if (inode !== this.inode) {
      this.badges?.forget();
      this.claim.release();
    }
    this.inode = inode;
    if (inode === 0) return;
    try {
      this.watcher = watch(this.runtimeDir, (_event, name) => {
        if (name === null || !INTERESTING.test(name)) return;
        if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
        this.discoverTimer = null;
        this.discoverIn(DISCOVER_SOON_MS);
      });
      this.watcher.on('error', () => {
        this.watcher?.close();
        this.watcher = null;
      });
    } catch {
      // gone again; looked for again
    }
  }
}
