import { statFile } from '../../../lib/files/stat-file.js';
import { SessionBus } from '../bus.js';
import { discover } from '../compositors/discover.js';
import { DesktopLock, desktopLock, isLocked, trayLock } from '../desktop-lock.js';
import { type Log, Once } from '../out.js';
import { hasOptedOut, optOut } from '../tray-opt-out.js';
import { standbyModel } from './model.js';
import { Tray } from './tray.js';

const LOOK_MS = 2_000;
/** Nobody needs a red icon for longer: whoever did not act on it knows. */
const MAX_STANDBY_MS = 12 * 3_600_000;

export interface StandbyOptions {
  /** The user's own. */
  runtimeDir: string;
  /** Does a daemon answer? Never rejects. */
  answers(): Promise<boolean>;
  /** Ends when a daemon answers; else it stays and shows that all is well. */
  until_served: boolean;
  log: Log;
}

/** `no_desktop`: there was no session bus from the beginning. */
export type StandbyEnd = 'served' | 'quit' | 'logout' | 'no_desktop' | 'time';

/**
 * The icon while no helper shows one: red when no daemon answers, green when it has nothing to tell this user.
 * A helper whose daemon died leaves one behind; `vigil tray` is one that stays.
 */
export class StandbyTray {
  private readonly bus: SessionBus;
  private readonly tray: Tray;
  private readonly lock: DesktopLock;
  private readonly once: Once;
  private over: StandbyEnd | null = null;
  private wasShown = false;

  constructor(private readonly options: StandbyOptions) {
    const { runtimeDir, log } = options;
    this.once = new Once(log);
    // One icon, however many keep it.
    this.lock = new DesktopLock(trayLock(runtimeDir));
    this.bus = new SessionBus(
      log,
      {
        connected: () => void this.tray.connected(),
        lost: () => this.tray.lost(),
        signal: message => this.tray.busSignal(message),
      },
      () => {},
    );
    this.tray = new Tray(this.bus, log, action => {
      if (action.type === 'quit') this.quit();
    });
  }

  /** Resolves when there is nothing to keep any more. */
  async run(): Promise<StandbyEnd> {
    const until_ms = performance.now() + MAX_STANDBY_MS;
    for (;;) {
      this.over ??= await this.look();
      if (this.options.until_served && performance.now() > until_ms) this.over ??= 'time';
      if (this.over !== null) break;
      await new Promise(resolve => setTimeout(resolve, LOOK_MS));
    }
    this.hide();
    return this.over;
  }

  private async look(): Promise<StandbyEnd | null> {
    const { runtimeDir, until_served } = this.options;
    if (hasOptedOut(runtimeDir)) return 'quit';
    if (statFile(runtimeDir) === null) return 'logout';
    const served = isLocked(desktopLock(runtimeDir));
    const running = served || (await this.options.answers());
    if (until_served && running) return 'served';
    if (served || !(await this.lock.take())) {
      const { refusal } = this.lock;
      if (!served && refusal?.taken === false) this.once.warn('lock', refusal.why);
      this.hide();
      return null;
    }
    this.tray.set(standbyModel(running));
    if (this.bus.connection !== null) return null;
    const { bus } = discover(runtimeDir, process.geteuid!());
    if (bus === null) return this.wasShown ? 'logout' : 'no_desktop';
    this.wasShown = true;
    await this.bus.use(bus);
    return null;
  }

  private hide(): void {
    this.bus.close();
    this.tray.lost();
    this.lock.release();
  }

  private quit(): void {
    this.over = 'quit';
    this.hide();
    try {
      optOut(this.options.runtimeDir);
    } catch (error) {
      this.options.log('warn', `cannot quit for longer than this: ${(error as Error).message}`);
    }
  }
}
