import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ended, hasProgram, type Installed, type User } from './user.js';

export const HAS_DESKTOP = ['sway', 'swaync', 'waybar', 'foot', 'grim', 'dbus-daemon', 'tmux'].every(
  hasProgram,
);

export const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Asks until the answer is no longer undefined, null or false. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  timeout_ms = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + timeout_ms;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== null && value !== false)
      return value as NonNullable<Exclude<T, false>>;
    if (performance.now() > end) throw new Error(`not within ${timeout_ms} ms: ${what}`);
    await sleep(50);
  }
}

export interface Seen {
  time_ms: number;
  type: 'call' | 'reply' | 'error' | 'signal' | 'ready';
  member?: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of D-Bus messages
  body: any[];
  serial?: number;
  reply_to?: number;
  sender?: string;
}

/** One notification as its server was asked for it. */
export interface Notified {
  time_ms: number;
  /** Who asked for it: its name on the bus. */
  sender: string;
  id: number;
  replaces: number;
  icon: string;
  summary: string;
  body: string;
  actions: string[];
  hints: Record<string, unknown>;
  expires: number;
}

interface Node {
  id: number;
  pid?: number;
  name?: string;
  app_id?: string;
  focused: boolean;
  nodes: Node[];
  floating_nodes: Node[];
}

/** A headless desktop of an ordinary user: bus, sway and whatever of SwayNC, waybar and foot is asked for. */
export class Desktop {
  private bus: ChildProcess | null = null;
  private sway: ChildProcess | null = null;
  private wayland = '';
  readonly seen: Seen[] = [];

  constructor(
    readonly user: User,
    private readonly installed: Installed,
  ) {}

  get busAddress(): string {
    return `unix:path=${this.user.runtime}/bus`;
  }

  get env(): Record<string, string> {
    return {
      DBUS_SESSION_BUS_ADDRESS: this.busAddress,
      SWAYSOCK: this.swaysock,
      WAYLAND_DISPLAY: this.wayland,
      XDG_CURRENT_DESKTOP: 'sway',
      NO_AT_BRIDGE: '1',
      GDK_BACKEND: 'wayland',
      GSETTINGS_BACKEND: 'memory',
      LIBGL_ALWAYS_SOFTWARE: '1',
    };
  }

  private get swaysock(): string {
    const name = readdirSync(this.user.runtime).find(entry => entry.startsWith('sway-ipc.'));
    return name === undefined ? '' : join(this.user.runtime, name);
  }

  async startBus(): Promise<void> {
    rmSync(`${this.user.runtime}/bus`, { force: true });
    this.bus = this.user.spawn([
      'dbus-daemon',
      '--session',
      '--nofork',
      '--nosyslog',
      `--address=${this.busAddress}`,
    ]);
    await until('the session bus', () => existsSync(`${this.user.runtime}/bus`));
  }

  async stopBus(): Promise<void> {
    if (this.bus !== null) await ended(this.bus);
    this.bus = null;
  }

  async startSway(): Promise<void> {
    const config = join(this.user.runtime, 'sway.conf');
    const text = [
      'output HEADLESS-1 resolution 1280x720 bg #203040 solid_color',
      'focus_on_window_activation focus',
    ];
    writeFileSync(config, `${text.join('\n')}\n`);
    chownSync(config, this.user.uid, this.user.gid);
    this.sway = this.user.spawn(['sway', '--config', config], {
      DBUS_SESSION_BUS_ADDRESS: this.busAddress,
      WLR_BACKENDS: 'headless',
      WLR_RENDERER: 'pixman',
      WLR_LIBINPUT_NO_DEVICES: '1',
    });
    this.sway.stderr?.resume();
    await until('sway', () => this.swaysock !== '', 10_000);
    this.wayland = await until(
      'the Wayland display',
      () => readdirSync(this.user.runtime).find(name => /^wayland-\d+$/.test(name)),
      10_000,
    );
    await until('sway to answer', () => {
      try {
        return this.msg('-t', 'get_version') !== '';
      } catch {
        return false;
      }
    });
  }

  async stopSway(): Promise<void> {
    if (this.sway !== null) await ended(this.sway);
    this.sway = null;
    for (const name of readdirSync(this.user.runtime))
      if (/^(sway-ipc|wayland)/.test(name)) this.user.run(['rm', '-f', join(this.user.runtime, name)]);
  }

  /** SwayNC, with a configuration of its own or the distribution's; `complaints` is what it says of it. */
  async startNotifications(config?: string, complaints: string[] = []): Promise<ChildProcess> {
    const child = this.user.spawn(['swaync', ...(config === undefined ? [] : ['-c', config])], this.env);
    for (const stream of [child.stderr, child.stdout])
      stream?.setEncoding('utf8').on('data', (text: string) => void complaints.push(text));
    await until('SwayNC', () => this.hasOwner('org.freedesktop.Notifications'), 10_000);
    return child;
  }

  /** A method call on the bus, as anybody may make it; answers the reply as text. */
  send(destination: string, path: string, method: string, ...args: string[]): string {
    const to = [`--bus=${this.busAddress}`, `--dest=${destination}`, path, method, ...args];
    return this.user.run(['dbus-send', '--print-reply=literal', ...to], this.env);
  }

  hasOwner(name: string): boolean {
    const out = this.send(
      'org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus.NameHasOwner',
      `string:${name}`,
    );
    return out.includes('true');
  }

  /** Everything that is said to and by the notification server, from now on. */
  async spy(): Promise<void> {
    const child = this.user.spawn([process.execPath, this.installed.fixture('spy.mjs'), this.busAddress]);
    createInterface({ input: child.stdout! }).on('line', line => this.seen.push(JSON.parse(line) as Seen));
    const spies = () => this.seen.filter(({ type }) => type === 'ready').length;
    const before = spies();
    await until('the spy', () => spies() > before);
  }

  notified(): Notified[] {
    return this.seen
      .filter(({ type, member }) => type === 'call' && member === 'Notify')
      .filter(({ serial }) => this.seen.some(one => one.type === 'reply' && one.reply_to === serial))
      .map(({ time_ms, body, serial, sender = '' }) => {
        const reply = this.seen.find(one => one.type === 'reply' && one.reply_to === serial);
        const [, replaces, icon, summary, text, actions, hints, expires] = body;
        const values = Object.entries(hints as Record<string, { value: unknown }>);
        return {
          time_ms: reply?.time_ms ?? time_ms,
          sender,
          id: reply?.body[0] ?? 0,
          replaces,
          icon,
          summary,
          body: text,
          actions,
          hints: Object.fromEntries(values.map(([key, { value }]) => [key, value])),
          expires,
        };
      });
  }

  /** Ids that the server says are closed. */
  closed(): number[] {
    return this.seen
      .filter(({ member }) => member === 'NotificationClosed')
      .map(({ body }) => body[0] as number);
  }

  msg(...args: string[]): string {
    return this.user.run(['swaymsg', '-s', this.swaysock, ...args]);
  }

  windows(): { id: number; pid: number; title: string; focused: boolean; app: string }[] {
    const found: ReturnType<Desktop['windows']> = [];
    const walk = (node: Node) => {
      if (node.pid !== undefined) {
        const { id, pid, name = '', focused, app_id = '' } = node;
        found.push({ id, pid, title: name, focused, app: app_id });
      }
      for (const child of [...node.nodes, ...node.floating_nodes]) walk(child);
    };
    walk(JSON.parse(this.msg('-t', 'get_tree')) as Node);
    return found;
  }

  focusedWindow(): number | null {
    return this.windows().find(({ focused }) => focused)?.id ?? null;
  }

  /** A terminal that runs the command; answers its window's id. */
  async terminal(
    command: readonly string[],
    cwd = this.user.home,
  ): Promise<{ window: number; foot: ChildProcess }> {
    const before = new Set(this.windows().map(({ id }) => id));
    const foot = this.user.spawn(
      ['foot', '-o', 'initial-window-size-pixels=600x400', ...command],
      this.env,
      cwd,
    );
    foot.stderr?.resume();
    const window = await until('a new window', () => this.windows().find(({ id }) => !before.has(id)), 8_000);
    return { window: window.id, foot };
  }

  screenshot(file: string): void {
    const shot = join(this.user.runtime, 'shot.png');
    this.user.run(['grim', shot], this.env);
    writeFileSync(file, readFileSync(shot));
  }
}
