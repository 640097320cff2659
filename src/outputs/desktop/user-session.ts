import { Attention } from './badges/attention.js';
import { SessionBus } from './bus.js';
import { Desktop } from './compositors/desktop.js';
import { alertDetails, DASHBOARD, type VigilView } from './compositors/launch.js';
import { openView } from './compositors/open-view.js';
import { DesktopConnection } from './desktop-connection.js';
import { numberOf } from './notify/popup-scheduler.js';
import type { PopupAction, PopupSubject } from './notify/popups.js';
import type { Out } from './out.js';
import { type HelperAgent, type HelperAlert, type HelperConfig, idOf } from './protocol.js';
import { Reports } from './reports.js';
import { Screen } from './screen.js';
import type { TrayAction } from './tray/model.js';
import { optOut } from './tray-opt-out.js';
import { VisibilityTracker } from './visibility.js';

const PROC = '/proc';

/** Everything that a user's desktop gets to see, and what its person does with it. */
export class UserSession {
  private agents: HelperAgent[] = [];
  private alerts: readonly HelperAlert[] = [];
  private paused = false;
  private silent = false;
  private readonly attention = new Attention();
  private readonly desktop: Desktop;
  private readonly visibility: VisibilityTracker;
  private readonly bus: SessionBus;
  private readonly connection: DesktopConnection;
  private readonly screen: Screen;
  private readonly reports: Reports;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly runtimeDir: string,
    uid: number,
    private config: HelperConfig,
    private readonly out: Out,
    private readonly now: () => number,
  ) {
    const { log } = out;
    const procRoot = PROC;
    const lost = () => this.connection.lost();
    this.reports = new Reports(out);
    this.desktop = new Desktop({
      procRoot,
      uid,
      log,
      now,
      changed: () => this.visibility.desktopChanged(),
      lost,
    });
    this.visibility = new VisibilityTracker(this.desktop, this.attention, now, () => this.refresh());
    this.bus = new SessionBus(
      log,
      {
        connected: () => this.screen.connected(),
        lost: () => this.screen.lost(),
        signal: message => this.screen.signal(message),
      },
      lost,
    );
    const { bus, desktop, attention } = this;
    this.screen = new Screen(
      {
        runtimeDir,
        log,
        now,
        bus,
        desktop,
        attention,
        isSeen: pid => this.visibility.isSeen(pid),
        popupAction: (subject, key, action) => this.popupAction(subject, key, action),
        trayAction: action => this.trayAction(action),
        changed: () => this.refresh(),
      },
      config,
    );
    this.connection = new DesktopConnection({
      runtimeDir,
      uid,
      procRoot,
      log,
      bus,
      desktop,
      renewed: () => this.screen.renewed(),
      serving: () => this.screen.cleanUp(),
      found: () => this.refresh(),
      absent: () => this.tellDesktop(),
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.visibility.close();
    this.connection.close();
    await this.leave();
  }

  /** Takes over another configuration. What is on the screen stays there, unless it is not wanted any more. */
  configure(config: HelperConfig): void {
    this.config = config;
    this.screen.configure(config);
    this.refresh();
  }

  get inTray(): boolean {
    return this.screen.inTray;
  }

  setAgents(agents: readonly HelperAgent[]): void {
    this.agents = agents.filter(agent => agent.interactive);
    this.startIfNeeded();
    this.attention.update(this.agents, this.now());
    this.visibility.setAgents(this.agents);
  }

  setAlerts(alerts: readonly HelperAlert[]): void {
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
    if (this.agents.length + this.alerts.length > 0) this.connection.start();
  }

  /** Brings the agent before its person. */
  private async focus(id: number): Promise<void> {
    const agent = this.agents.find(one => idOf(one) === id || one.pid === id);
    if (agent === undefined) return;
    const why = await this.desktop.show(agent);
    if (why !== null) this.out.log('info', `cannot focus an agent: ${why}`, { pid: agent.pid });
    this.refresh();
  }

  private async open(view: VigilView): Promise<void> {
    const { desktop, runtimeDir } = this;
    const { busAddress } = this.connection;
    const daemonDir = this.config.runtime_dir;
    const why = await openView(view, { desktop, procRoot: PROC, runtimeDir, daemonDir, busAddress });
    if (why !== null) this.out.log('info', `cannot open a terminal: ${why}`);
  }

  private popupAction(subject: PopupSubject, key: string, action: PopupAction): void {
    const id = numberOf(subject);
    if (action === 'focus') void this.focus(id);
    else if (action === 'details') void this.open(alertDetails(id));
    else {
      this.screen.snooze(id, key);
      this.refresh();
    }
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
      optOut(this.runtimeDir);
    } catch (error) {
      this.out.log('warn', `cannot quit for longer than this: ${(error as Error).message}`);
    }
    await this.leave();
    this.connection.awaitLogin();
    this.tellDesktop();
  }

  /** Takes everything from the desktop. */
  private async leave(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await this.screen.clear();
    this.bus.close();
    this.screen.lost();
    this.desktop.close();
    this.connection.leave();
  }

  /** Makes the screen what it should be, and says what is new. */
  private refresh(): void {
    if (this.closed) return;
    this.tellDesktop();
    this.reports.detached(this.agents, pid => this.desktop.place(pid)?.attach ?? null);
    if (!this.connection.serves) return;
    const now_ms = this.now();
    const dues: number[] = [];
    this.visibility.look(now_ms, dues);
    const { agents, alerts, paused, silent } = this;
    this.screen.show({ agents, alerts, paused, silent }, now_ms, dues);
    this.reports.unseen(this.agents, id => this.attention.unseen(id));
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (dues.length === 0) return;
    const delay_ms = Math.max(5, Math.min(...dues) - now_ms);
    this.timer = setTimeout(() => this.refresh(), Math.min(delay_ms, 2 ** 31 - 1));
  }

  private tellDesktop(): void {
    this.reports.desktop({
      session_bus: this.bus.connection !== null,
      compositor: this.desktop.name,
      note: this.connection.missing(),
    });
  }
}
