import { isDeepStrictEqual } from 'node:util';
import type { Message } from '@jellybrick/dbus-next';
import type { Attention } from './badges/attention.js';
import { BadgeFiles } from './badges/files.js';
import { desktopBadges } from './badges/of-desktop.js';
import type { SessionBus } from './bus.js';
import type { Desktop } from './compositors/desktop.js';
import { DismissedAlerts } from './notify/dismissed-alerts.js';
import { PopupScheduler } from './notify/popup-scheduler.js';
import { type PopupAction, type PopupSubject, Popups } from './notify/popups.js';
import type { Log } from './out.js';
import { type HelperAgent, type HelperAlert, type HelperConfig, idOf } from './protocol.js';
import { type TrayAction, trayModel } from './tray/model.js';
import { Tray } from './tray/tray.js';

export interface ScreenOptions {
  runtimeDir: string;
  log: Log;
  now: () => number;
  bus: SessionBus;
  desktop: Desktop;
  attention: Attention;
  isSeen(pid: number): boolean;
  /** The person clicked on a popup, or on something in the tray. */
  popupAction(subject: PopupSubject, key: string, action: PopupAction): void;
  trayAction(action: TrayAction): void;
  /** A popup came, or the person put it away: there may be something else to show, now or later. */
  changed(): void;
}

export interface Shown {
  agents: readonly HelperAgent[];
  alerts: readonly HelperAlert[];
  /** By the person, in the tray: no popups and no badges until they say otherwise. */
  paused: boolean;
  /** The daemon has not spoken for a while. */
  silent: boolean;
}

/** Badges, popups and the icon in the tray. */
export class Screen {
  private badges: BadgeFiles | null;
  private readonly scheduler: PopupScheduler;
  private readonly popups: Popups;
  private tray: Tray | null;

  constructor(
    private readonly options: ScreenOptions,
    private config: HelperConfig,
  ) {
    const { runtimeDir, log, now, bus } = options;
    const { notifications, tray } = config;
    // An agent that ended its turn while a helper was being started anew is still news.
    this.scheduler = new PopupScheduler(notifications, now() - 5_000, new DismissedAlerts(runtimeDir, log));
    this.badges = this.badgesFor(config);
    this.tray = tray.enabled ? this.newTray() : null;
    this.popups = new Popups(bus, log, notifications.snooze_minutes, {
      acted: (subject, key, action) => options.popupAction(subject, key, action),
      shown: (subject, key) => {
        this.scheduler.shown(subject, key, now());
        options.changed();
      },
      dismissed: (subject, key) => {
        this.scheduler.dismissed(subject, key);
        options.changed();
      },
    });
  }

  /** Takes over another configuration; `show` makes it so. */
  configure(config: HelperConfig): void {
    const before = this.config;
    this.config = config;
    this.scheduler.configure(config.notifications);
    this.popups.snoozeMinutes = config.notifications.snooze_minutes;
    if (!isDeepStrictEqual(before.badges, config.badges)) {
      this.badges?.close();
      this.badges = this.badgesFor(config);
    }
    if (config.tray.enabled && this.tray === null) {
      this.tray = this.newTray();
      if (this.options.bus.connection !== null) void this.tray.connected();
    }
  }

  /** An icon of ours stands in the tray, so its person counts on it. */
  get inTray(): boolean {
    return this.config.tray.enabled && (this.tray?.isShown ?? false);
  }

  /**
   * Makes all of it what it should be. Cheap, and the same again when nothing changed. Adds to `dues` when to
   * show it again although nothing happened.
   */
  show({ agents, alerts, paused, silent }: Shown, now_ms: number, dues: number[]): void {
    const { attention, desktop, isSeen } = this.options;
    const unseen = (pid: number) => attention.unseen(pid);
    const newsUntil = (id: number) => attention.newsUntil(id);
    for (const agent of agents) {
      const until_ms = newsUntil(idOf(agent));
      if (until_ms !== null && until_ms > now_ms) dues.push(until_ms);
    }
    this.showBadges(paused ? [] : agents, now_ms, dues);
    const placed = agents.map(agent => ({ ...agent, attach: desktop.place(agent.pid)?.attach ?? null }));
    const intents = this.scheduler.intents({ agents: placed, alerts, isSeen, now_ms }, dues);
    this.popups.set(paused ? new Map() : intents);
    const { notifications, tray } = this.config;
    this.tray?.set(
      trayModel({ agents, alerts, unseen, newsUntil, paused, silent, now_ms, config: notifications }),
      tray.enabled,
    );
  }

  snooze(pid: number, key: string): void {
    this.scheduler.snooze(pid, key, this.options.now());
  }

  /** The session bus is there. */
  connected(): void {
    void this.popups.connected();
    void this.tray?.connected();
  }

  lost(): void {
    this.popups.lost();
    this.tray?.lost();
  }

  signal(message: Message): void {
    this.popups.signal(message);
    this.tray?.busSignal(message);
  }

  /** Another login: no file of ours is there. */
  renewed(): void {
    this.badges?.forget();
  }

  /** What a helper before us left behind goes. */
  cleanUp(): void {
    this.badges?.cleanUp();
  }

  /** Takes badges and popups away; resolves when the server has done so, or soon. */
  async clear(): Promise<void> {
    this.badges?.close();
    await this.popups.close();
  }

  private badgesFor({ badges }: HelperConfig): BadgeFiles | null {
    const { runtimeDir, log, now } = this.options;
    return badges.enabled ? new BadgeFiles(runtimeDir, badges, log, now) : null;
  }

  private newTray(): Tray {
    return new Tray(this.options.bus, this.options.log, action => this.options.trayAction(action));
  }

  private showBadges(agents: readonly HelperAgent[], now_ms: number, dues: number[]): void {
    const { badges } = this;
    if (badges === null) return;
    const { attention, desktop } = this.options;
    badges.set(
      desktopBadges(
        agents,
        pid => attention.unseen(pid),
        pid => desktop.place(pid),
        now_ms,
      ),
    );
    if (badges.dueIn() === 0) badges.sync();
    const next_ms = badges.dueIn();
    if (next_ms !== null) dues.push(now_ms + Math.max(next_ms, 100));
  }
}
