import { isDeepStrictEqual } from 'node:util';
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
import { Eyes } from './eyes.js';
import { Announcer, numberOf } from './notify/announcer.js';
import { type PopupAction, type PopupSubject, Popups } from './notify/popups.js';
import { PutAway } from './notify/put-away.js';
import { Once, type Out } from './out.js';
import type { HandAgent, HandAlert, HandConfig, HandDesktop } from './protocol.js';
import { hasQuit, quit } from './quit-mark.js';
import { RuntimeDir } from './runtime-dir.js';
import { type TrayAction, trayModel } from './tray/model.js';
import { Tray } from './tray/tray.js';

const PROC = '/proc';
const DISCOVER_SOON_MS = 50;
/** Looking for what is missing, when nothing announces it. */
const DISCOVER_AGAIN_MS = 5_000;
/** Nobody is logged in, or wants us: a stat() or two so often. */
const LOGIN_MS = 1_000;

/** Everything that a user's desktop gets to see. */
export class UserSession {
  private agents: HandAgent[] = [];
  private alerts: readonly HandAlert[] = [];
  private unseenSent = '[]';
  private desktopSent = '';
  private readonly attention = new Attention();
  private badges: BadgeFiles | null;
  private readonly desktop: Desktop;
  private readonly eyes: Eyes;
  private readonly announcer: Announcer;
  private readonly bus: SessionBus;
  private busAddress = '';
  private readonly popups: Popups;
  private tray: Tray | null;
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
  private closed = false;

  constructor(
    private readonly runtimeDir: string,
    private readonly uid: number,
    private config: HandConfig,
    private readonly out: Out,
    private readonly now: () => number,
  ) {
    const { log } = out;
    this.claim = new Claim(desktopClaim(runtimeDir));
    this.once = new Once(log);
    this.directory = new RuntimeDir(runtimeDir, () => this.discoverSoon());
    // An agent that ended its turn while a hand was being started anew is still news.
    this.announcer = new Announcer(config.notifications, now() - 5_000, new PutAway(runtimeDir, log));
    this.badges = this.badgesFor(config);
    this.desktop = new Desktop({
      procRoot: PROC,
      uid,
      log,
      now,
      changed: () => this.eyes.desktopChanged(),
      lost: () => this.discoverIn(DISCOVER_SOON_MS),
    });
    this.eyes = new Eyes(this.desktop, this.attention, now, () => this.refresh());
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
    this.tray = config.tray.enabled ? this.newTray() : null;
    this.popups = new Popups(this.bus, log, config.notifications.snooze_minutes, {
      acted: (subject, key, action) => this.popupAction(subject, key, action),
      dismissed: (subject, key) => {
        this.announcer.dismissed(subject, key);
        this.refresh();
      },
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.eyes.close();
    this.directory.close();
    if (this.discoverTimer !== null) clearTimeout(this.discoverTimer);
    await this.leave();
  }

  /** Takes over another configuration. What is on the screen stays there, unless it is not wanted any more. */
  configure(config: HandConfig): void {
    const before = this.config;
    this.config = config;
    this.announcer.configure(config.notifications);
    this.popups.snoozeMinutes = config.notifications.snooze_minutes;
    if (!isDeepStrictEqual(before.badges, config.badges)) {
      this.badges?.close();
      this.badges = this.badgesFor(config);
    }
    if (config.tray.enabled && this.tray === null) {
      this.tray = this.newTray();
      if (this.bus.connection !== null) void this.tray.connected();
    }
    this.refresh();
  }

  private badgesFor({ badges }: HandConfig): BadgeFiles | null {
    return badges.enabled ? new BadgeFiles(this.runtimeDir, badges, this.out.log, this.now) : null;
  }

  private newTray(): Tray {
    return new Tray(this.bus, this.out.log, action => this.trayAction(action));
  }

  /** An icon of ours stands in the tray, so its person counts on it. */
  get inTray(): boolean {
    return this.config.tray.enabled && (this.tray?.isShown ?? false);
  }

  setAgents(agents: readonly HandAgent[]): void {
    this.agents = agents.filter(agent => agent.interactive);
    this.startIfNeeded();
    this.attention.update(this.agents, this.now());
    this.eyes.setAgents(this.agents);
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

  /** Makes badges and popups what they should be. Cheap, and the same again when nothing changed. */
  private refresh(): void {
    if (this.closed) return;
    this.tellDesktop();
    if (!this.claim.held) return;
    const now_ms = this.now();
    const dues: number[] = [];
    this.eyes.look(now_ms, dues);
    this.refreshBadges(now_ms, dues);
    const isSeen = (pid: number) => this.eyes.isSeen(pid);
    const wishes = this.announcer.wishes({ agents: this.agents, alerts: this.alerts, isSeen, now_ms }, dues);
    this.popups.set(this.paused ? new Map() : wishes);
    const { agents, alerts, paused, silent } = this;
    const unseen = (pid: number) => this.attention.unseen(pid);
    const { notifications, tray } = this.config;
    this.tray?.set(
      trayModel({ agents, alerts, unseen, paused, silent, config: notifications }),
      tray.enabled,
    );
    this.tellUnseen();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (dues.length === 0) return;
    const delay_ms = Math.max(5, Math.min(...dues) - now_ms);
    this.timer = setTimeout(() => this.refresh(), Math.min(delay_ms, 2 ** 31 - 1));
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
    if (!this.claim.held) return this.claim.refusal?.why ?? 'not claimed yet';
    const missing: string[] = [];
    if (this.bus.connection === null) missing.push('no session bus');
    if (this.desktop.name === null) missing.push('no compositor that it knows (sway, i3, Hyprland)');
    return missing.length === 0 ? null : missing.join(', ');
  }

  private popupAction(subject: PopupSubject, key: string, action: PopupAction): void {
    const id = numberOf(subject);
    if (action === 'focus') void this.focus(id);
    else if (action === 'details') void this.open(alertDetails(id));
    else {
      this.announcer.snooze(id, key, this.now());
      this.refresh();
    }
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
      const { taken, why } = this.claim.refusal!;
      this.once.warn('claim', taken ? `${why}; waiting for it to end` : why);
      return false;
    }
    this.once.clear('claim', 'this vigil serves the desktop now');
    this.badges?.cleanUp();
    return true;
  }
}
