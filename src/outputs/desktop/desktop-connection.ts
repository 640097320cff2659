import { printable } from '../../lib/text/printable.js';
import type { SessionBus } from './bus.js';
import type { Desktop } from './compositors/desktop.js';
import { discover } from './compositors/discover.js';
import { DesktopLock, desktopLock } from './desktop-lock.js';
import { type Log, Once } from './out.js';
import { RuntimeDir } from './runtime-dir.js';
import { hasOptedOut } from './tray-opt-out.js';

const SOON_MS = 50;
/** Looking for what is missing, when nothing announces it. */
const AGAIN_MS = 5_000;
/** Nobody is logged in, or wants us: a stat() or two so often. */
const LOGIN_MS = 1_000;

export interface DesktopConnectionOptions {
  runtimeDir: string;
  uid: number;
  procRoot: string;
  log: Log;
  bus: SessionBus;
  desktop: Desktop;
  /** Another login: nothing of ours is there. */
  renewed(): void;
  /** The desktop is ours from now on. */
  serving(): void;
  /** Bus and compositor were looked for. */
  found(): void;
  /** There is no desktop that we may serve; `missing()` says why. */
  absent(): void;
}

/** Finds the user's login, bus and compositor, and again whenever one of them is gone; one helper serves them. */
export class DesktopConnection {
  /** Empty: none was found. */
  busAddress = '';
  private readonly lock: DesktopLock;
  private readonly once: Once;
  private readonly directory: RuntimeDir;
  private started = false;
  private session: string | null = null;
  private closed = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: DesktopConnectionOptions) {
    this.lock = new DesktopLock(desktopLock(options.runtimeDir));
    this.once = new Once(options.log);
    this.directory = new RuntimeDir(options.runtimeDir, () => this.lookAnew());
  }

  /** This helper is the one that serves the desktop. */
  get serves(): boolean {
    return this.lock.held;
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    this.lookIn(0);
  }

  /** The bus or the compositor is gone. */
  lost(): void {
    this.lookIn(SOON_MS);
  }

  /** Another helper may serve the desktop. */
  leave(): void {
    this.lock.release();
  }

  /** Left because its person quit. */
  awaitLogin(): void {
    this.lookIn(LOGIN_MS);
  }

  close(): void {
    this.closed = true;
    this.directory.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** What there is not, for `vigil health`; null: nothing is missing. */
  missing(): string | null {
    if (!this.started) return 'nothing to show yet';
    if (!this.directory.exists) return 'not logged in';
    if (hasOptedOut(this.options.runtimeDir)) return 'its person quit vigil until the next login';
    if (!this.lock.held) return this.lock.refusal?.why ?? 'not locked yet';
    const missing: string[] = [];
    if (this.options.bus.connection === null) missing.push('no session bus');
    if (this.options.desktop.name === null) missing.push(noCompositor(this.session));
    return missing.length === 0 ? null : missing.join(', ');
  }

  private lookAnew(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lookIn(SOON_MS);
  }

  private lookIn(delay_ms: number): void {
    if (this.closed || (this.timer !== null && delay_ms > 0)) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.look();
    }, delay_ms);
  }

  /** Finds bus and compositor, and looks again while something is missing. */
  private async look(): Promise<void> {
    const { runtimeDir, uid, procRoot, bus, desktop } = this.options;
    if (this.directory.look()) {
      this.options.renewed();
      this.lock.release();
    }
    if (!(await this.mayServe())) {
      this.options.absent();
      const awaited = !this.directory.exists || hasOptedOut(runtimeDir);
      return this.lookIn(awaited ? LOGIN_MS : AGAIN_MS);
    }
    this.options.found();
    const there = discover(runtimeDir, uid, procRoot);
    this.busAddress = there.bus ?? '';
    this.session = there.desktop;
    await Promise.all([there.bus === null ? null : bus.use(there.bus), desktop.use(there.compositors)]);
    if (bus.connection === null || desktop.name === null) this.lookIn(AGAIN_MS);
    this.options.found();
  }

  /** There is a session that wants us, and no other helper serves it. */
  private async mayServe(): Promise<boolean> {
    // Without a login there is nobody to be reached.
    if (!this.directory.exists || hasOptedOut(this.options.runtimeDir)) return false;
    if (this.lock.held) return true;
    if (!(await this.lock.take())) {
      const { taken, why } = this.lock.refusal!;
      this.once.warn('lock', taken ? `${why}; waiting for it to end` : why);
      return false;
    }
    this.once.clear('lock', 'this vigil serves the desktop now');
    this.options.serving();
    return true;
  }
}

/** What its person misses where nothing tells which window has the focus. */
function noCompositor(session: string | null): string {
  const name = session === null ? 'no desktop' : `${printable(session, 32)} is none`;
  return `${name} that tells which window has the focus (sway, i3, Hyprland and niri do): popups come also while you look, and Focus shows the tmux pane alone`;
}
