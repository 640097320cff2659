import { Attention } from './badges/attention.js';
import { BadgeFiles } from './badges/files.js';
import { desktopBadges } from './badges/of-desktop.js';
import { SessionBus } from './bus.js';
import { Claim, desktopClaim } from './claim.js';
import { Desktop } from './desktop/desktop.js';
import { discover } from './desktop/discover.js';
import {
  alertDetails,
  DASHBOARD,
  launchBySystemd,
  terminalCommand,
  type VigilView,
} from './desktop/launch.js';
import { type AlertMemory, decideAlerts } from './notify/alert-wish.js';
import { decide, type EventMemory } from './notify/policy.js';
import { type PopupAction, type PopupSubject, Popups, type PopupWish } from './notify/popups.js';
import { Once, type Out } from './out.js';
import type { HandAgent, HandAlert, HandConfig, HandDesktop } from './protocol.js';
import { hasQuit, quit } from './quit-mark.js';
import { RuntimeDir } from './runtime-dir.js';
import { type TrayAction, trayModel } from './tray/model.js';
import { Tray } from './tray/tray.js';

const PROC = '/proc';
/** Finding the window may take so long before a popup goes out without knowing. */
const LOCATE_MS = 80;
const DISCOVER_SOON_MS = 50;
/** Looking for what is missing, when nothing announces it. */
const DISCOVER_AGAIN_MS = 5_000;
/** Nobody is logged in, or wants us: a stat() or two so often. */
const LOGIN_MS = 1_000;
/** tmux does not tell that the person switched its window; asked only while that would be news. */
const TMUX_LOOK_MS = 1_000;
/** A terminal's window is there before the client in it is: after windows changed, agents without one are looked
 * for again, so often and so long. */
const SEEK_MS = 300;
const SETTLED_AFTER_MS = 2_000;
/** Quiet hours end by the minute. */
const QUIET_LOOK_MS = 60_000;

/** Everything that a user's desktop gets to see. */
export class UserSession {
  private agents: HandAgent[] = [];
  private alerts: readonly HandAlert[] = [];
  private states = new Map<number, string>();
  private memory: ReadonlyMap<number, EventMemory> = new Map();
  private alertMemory: ReadonlyMap<number, AlertMemory> = new Map();
  private seen = new Set<number>();
  private unseenSent = '[]';
  private desktopSent = '';
  private readonly attention = new Attention();
  private readonly badges: BadgeFiles | null;
  private readonly desktop: Desktop;
  private readonly bus: SessionBus;
  private busAddress = '';
  private readonly popups: Popups;
  private readonly tray: Tray | null;
  /** By the person, in the tray: no popups and no badges until they say otherwise. */
  private paused = false;
  /** The daemon has not spoken for a while. */
  private silent = false;
  private readonly claim: Claim;
  private readonly once: Once;
  private readonly directory: RuntimeDir;
  private started = false;
  private timer: NodeJS.Timeout | null = null;
  private discoverTimer: NodeJS.Timeout | null = null;
  private windows = '';
  private settled_ms = 0;
  private sought_ms = 0;
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
    this.claim = new Claim(desktopClaim(runtimeDir));
    this.once = new Once(log);
    this.directory = new RuntimeDir(runtimeDir, () => this.discoverSoon());
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
      acted: (subject, key, action) => this.popupAction(subject, key, action),
      dismissed: (subject, key) => this.dismissed(subject, key),
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.directory.close();
    if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
    await this.leave();
  }

  /** An icon of ours stands in the tray, so its person counts on it. */
  get inTray(): boolean {
    return this.tray?.isShown ?? false;
  }

  setAgents(agents: readonly HandAgent[]): void {
    this.agents = agents.filter(agent => agent.interactive);
    this.startIfNeeded();
    const states = new Map(
      this.agents.map(agent => [agent.pid, `${agent.state} ${agent.reason} ${agent.since_ms}`]),
    );
    for (const [pid, state] of states) if (this.states.get(pid) !== state) this.relocate.add(pid);
    this.states = states;
    this.attention.update(this.agents, this.now());
    this.desktop.forgetAllBut(new Set(states.keys()));
    void this.locateAndRefresh();
  }

  setAlerts(alerts: readonly HandAlert[]): void {
    this.alerts = alerts;
    this.startIfNeeded();
    this.refresh();
  }

  setSilent(silent: boolean): void {
    if (silent === this.silent) return;
    this.silent = silent;
    this.refresh();
  }

  /** Who has nothing to show leaves the desktop to others. */
  private startIfNeeded(): void {
    if (this.started || this.agents.length + this.alerts.length === 0) return;
    this.started = true;
    this.discoverIn(0);
  }

  /** Brings the agent before its person. */
  async focus(pid: number): Promise<void> {
    const agent = this.agents.find(one => one.pid === pid);
    if (agent === undefined) return;
    const why = await this.desktop.show(agent);
    if (why !== null) this.out.log('info', `cannot focus an agent: ${why}`, { pid });
    this.refresh();
  }

  /** Takes everything from the desktop. */
  private async leave(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.badges?.close();
    await this.popups.close();
    this.bus.close();
    this.popups.lost();
    this.tray?.lost();
    this.desktop.close();
    this.claim.release();
  }

  private trayAction(action: TrayAction): void {
    switch (action.type) {
      case 'focus':
        void this.focus(action.pid);
        return;
      case 'alert':
        void this.open(alertDetails(action.id));
        return;
      case 'open':
        void this.open(DASHBOARD);
        return;
      case 'pause':
        this.paused = !this.paused;
        this.out.log('info', this.paused ? 'paused by its person' : 'resumed by its person');
        this.refresh();
        return;
      case 'quit':
        void this.quit();
    }
  }

  private async quit(): Promise<void> {
    try {
      quit(this.runtimeDir);
    } catch (error) {
      this.out.log('warn', `cannot quit for longer than this: ${(error as Error).message}`);
    }
    await this.leave();
    this.discoverIn(LOGIN_MS);
    this.tellDesktop();
  }

  /** In a terminal of its own. */
  private async open(view: VigilView): Promise<void> {
    const command = terminalCommand(view, this.desktop.windowPids(), {
      procRoot: PROC,
      path: process.env.PATH ?? '',
      runtimeDir: this.config.runtime_dir,
      node: process.execPath,
    });
    try {
      let why: string | null = 'no terminal program that it knows';
      if (command !== null && (await this.desktop.launch(command))) why = null;
      else if (command !== null) why = await launchBySystemd(command, this.runtimeDir, this.busAddress);
      if (why !== null) this.out.log('info', `cannot open a terminal: ${why}`);
    } catch (error) {
      this.out.log('info', `cannot open a terminal: ${(error as Error).message}`);
    }
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
    if (windows !== this.windows) this.settled_ms = this.now() + SETTLED_AFTER_MS;
    this.windows = windows;
    this.refresh();
    if (this.relocate.size > 0) void this.locateAndRefresh();
  }

  /** Makes badges and popups what they should be. Cheap, and the same again when nothing changed. */
  private refresh(): void {
    if (this.closed) return;
    this.tellDesktop();
    if (!this.claim.held) return;
    const now_ms = this.now();
    const dues: number[] = [];
    this.look(now_ms, dues);
    this.seek(now_ms, dues);
    this.refreshBadges(now_ms, dues);
    this.refreshPopups(now_ms, dues);
    const { agents, alerts, paused, silent } = this;
    const unseen = (pid: number) => this.attention.unseen(pid);
    this.tray?.set(trayModel({ agents, alerts, unseen, paused, silent, config: this.config.notifications }));
    this.tellUnseen();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (dues.length === 0) return;
    const delay_ms = Math.max(5, Math.min(...dues) - now_ms);
    this.timer = setTimeout(() => this.refresh(), Math.min(delay_ms, 2 ** 31 - 1));
  }

  private refreshPopups(now_ms: number, dues: number[]): void {
    const config = this.config.notifications;
    const date = new Date();
    const minute_of_day = date.getHours() * 60 + date.getMinutes();
    const { started_ms } = this;
    const isSeen = (pid: number) => this.seen.has(pid);
    const agents = decide(this.memory, {
      agents: this.agents,
      isSeen,
      now_ms,
      minute_of_day,
      started_ms,
      config,
    });
    const alerts = decideAlerts(this.alertMemory, this.alerts, minute_of_day, config);
    this.memory = agents.memory;
    this.alertMemory = alerts.memory;
    const wishes = new Map<PopupSubject, PopupWish>();
    if (!this.paused) {
      for (const [pid, wish] of agents.wishes) wishes.set(`agent:${pid}`, wish);
      for (const [id, wish] of alerts.wishes) wishes.set(`alert:${id}`, wish);
    }
    this.popups.set(wishes);
    if (agents.again_ms !== null) dues.push(agents.again_ms);
    if (alerts.held) dues.push(now_ms + QUIET_LOOK_MS);
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

  private seek(now_ms: number, dues: number[]): void {
    if (now_ms >= this.settled_ms) return;
    const homeless = this.agents.filter(
      ({ pid, state }) => state !== 'EXITED' && this.desktop.place(pid)?.window === null,
    );
    if (homeless.length === 0) return;
    if (now_ms - this.sought_ms >= SEEK_MS) {
      this.sought_ms = now_ms;
      for (const { pid } of homeless) this.relocate.add(pid);
      if (!this.locating) queueMicrotask(() => void this.locateAndRefresh());
    }
    dues.push(this.sought_ms + SEEK_MS);
  }

  private refreshBadges(now_ms: number, dues: number[]): void {
    const { badges, attention, desktop } = this;
    if (badges === null) return;
    badges.set(
      this.paused
        ? []
        : desktopBadges(
            this.agents,
            pid => attention.unseen(pid),
            pid => desktop.place(pid),
            now_ms,
          ),
    );

    if (badges.dueIn() === 0) badges.sync();
    const next_ms = badges.dueIn();
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

  /** For `vigil health`. */
  private tellDesktop(): void {
    const desktop: HandDesktop = {
      session_bus: this.bus.connection !== null,
      compositor: this.desktop.name,
      note: this.missing(),
    };
    const text = JSON.stringify(desktop);
    if (text === this.desktopSent) return;
    this.desktopSent = text;
    this.out.send({ type: 'desktop', desktop });
  }

  private missing(): string | null {
    if (!this.started) return 'nothing to show yet';
    if (!this.directory.exists) return 'not logged in';
    if (hasQuit(this.runtimeDir)) return 'its person quit vigil until the next login';
    if (!this.claim.held) return 'another vigil serves this desktop';
    const missing: string[] = [];
    if (this.bus.connection === null) missing.push('no session bus');
    if (this.desktop.name === null) missing.push('no compositor that it knows (sway, i3, Hyprland)');
    return missing.length === 0 ? null : missing.join(', ');
  }

  private popupAction(subject: PopupSubject, key: string, action: PopupAction): void {
    const id = numberOf(subject);
    if (action === 'focus') void this.focus(id);
    else if (action === 'details') void this.open(alertDetails(id));
    else
      this.remember(id, key, memory => ({
        ...memory,
        snoozed_until_ms: this.now() + this.config.notifications.snooze_minutes * 60_000,
      }));
  }

  private dismissed(subject: PopupSubject, key: string): void {
    const id = numberOf(subject);
    if (subject.startsWith('agent:')) {
      this.remember(id, key, memory =>
        memory.snoozed_until_ms === null ? { ...memory, fate: 'gone' } : memory,
      );
      return;
    }
    const memory = this.alertMemory.get(id);
    if (memory === undefined) return;
    this.alertMemory = new Map(this.alertMemory).set(id, { ...memory, fate: 'gone' });
    this.refresh();
  }

  private remember(pid: number, key: string, change: (memory: EventMemory) => EventMemory): void {
    const memory = this.memory.get(pid);
    if (memory?.key !== key) return;
    this.memory = new Map(this.memory).set(pid, change(memory));
    this.refresh();
  }

  private discoverSoon(): void {
    if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
    this.discoverTimer = null;
    this.discoverIn(DISCOVER_SOON_MS);
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
    if (this.directory.look()) {
      this.badges?.forget();
      this.claim.release();
    }
    if (!(await this.mayServe())) {
      this.tellDesktop();
      const awaited = !this.directory.exists || hasQuit(this.runtimeDir);
      return this.discoverIn(awaited ? LOGIN_MS : DISCOVER_AGAIN_MS);
    }
    this.refresh();
    const { bus, compositors } = discover(this.runtimeDir, this.uid, PROC);
    this.busAddress = bus ?? '';
    await Promise.all([bus === null ? null : this.bus.use(bus), this.desktop.use(compositors)]);
    if (this.bus.connection === null || this.desktop.name === null) this.discoverIn(DISCOVER_AGAIN_MS);
    this.refresh();
  }

  /** There is a session that wants us, and no other hand serves it. */
  private async mayServe(): Promise<boolean> {
    // Without a login there is nobody to be reached.
    if (!this.directory.exists || hasQuit(this.runtimeDir)) return false;
    if (this.claim.held) return true;
    if (!(await this.claim.take())) {
      this.once.warn('claim', 'another vigil serves this desktop already; waiting for it to end');
      return false;
    }
    this.once.clear('claim', 'the other vigil is gone: this one serves the desktop');
    this.badges?.cleanUp();
    return true;
  }
}

function numberOf(subject: PopupSubject): number {
  return Number(subject.slice(subject.indexOf(':') + 1));
}
