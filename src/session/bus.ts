import type { Message, MessageBus } from '@jellybrick/dbus-next';
import type { Log } from './out.js';

type DBus = typeof import('@jellybrick/dbus-next');

export interface CallOptions {
  destination: string;
  path: string;
  interface: string;
  member: string;
  signature?: string;
  body?: unknown[];
}

export interface BusListener {
  connected(): void;
  /** All that was said on the connection is void. */
  lost(): void;
  signal(message: Message): void;
}

const CONNECT_MS = 5_000;

/** The user's session bus: connected while it is there, and again when it comes back. */
export class SessionBus {
  private bus: MessageBus | null = null;
  private connecting = false;
  private dbus: DBus | null = null;
  private readonly unanswered = new Set<(error: Error) => void>();

  constructor(
    private readonly log: Log,
    private readonly listener: BusListener,
    /** The bus went away: look for it again. */
    private readonly gone: () => void,
  ) {}

  get connection(): MessageBus | null {
    return this.bus;
  }

  get library(): DBus | null {
    return this.dbus;
  }

  /** Connects unless connected. Does not throw. */
  async use(address: string): Promise<void> {
    if (this.bus !== null || this.connecting) return;
    this.connecting = true;
    try {
      // Only those who have a desktop pay for it.
      this.dbus ??= await import('@jellybrick/dbus-next');
      await this.connect(this.dbus, address);
    } catch (error) {
      this.log('info', `the session bus does not answer: ${(error as Error).message}`, { address });
    } finally {
      this.connecting = false;
    }
  }

  close(): void {
    const bus = this.bus;
    this.bus = null;
    bus?.disconnect();
  }

  async call(options: CallOptions): Promise<unknown[]> {
    const { bus, dbus } = this;
    if (bus === null || dbus === null) throw new Error('not connected to the session bus');
    const message = new dbus.Message({ signature: '', body: [], ...options });
    // The library leaves calls unanswered for ever when their connection ends.
    let abandon: (error: Error) => void = () => {};
    const abandoned = new Promise<never>((_, reject) => {
      abandon = reject;
    });
    this.unanswered.add(abandon);
    try {
      const reply = await Promise.race([bus.call(message), abandoned]);
      return reply?.body ?? [];
    } finally {
      this.unanswered.delete(abandon);
    }
  }

  async addMatch(rule: string): Promise<void> {
    await this.call({ ...DBUS, member: 'AddMatch', signature: 's', body: [rule] });
  }

  private connect(dbus: DBus, address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const bus = dbus.sessionBus({ busAddress: address });
      let up = false;
      const fail = (why: Error) => {
        clearTimeout(timer);
        if (this.bus === bus) {
          this.bus = null;
          for (const abandon of this.unanswered) abandon(new Error('the session bus is gone'));
          this.log('info', `the session bus is gone: ${why.message}`, { address });
          this.listener.lost();
          this.gone();
        } else if (!up) {
          bus.disconnect();
          reject(why);
        }
      };
      const timer = setTimeout(() => fail(new Error('no answer')), CONNECT_MS);
      bus.on('error' as 'connect', ((error: Error) => fail(error)) as () => void);
      // The library tells the end of the connection only here.
      const inner = (bus as unknown as { _connection: NodeJS.EventEmitter })._connection;
      inner.on('end', () => fail(new Error('it closed the connection')));
      bus.on('message', message => {
        if (message.type === dbus.MessageType.SIGNAL) this.listener.signal(message);
      });
      bus.once('connect', () => {
        up = true;
        clearTimeout(timer);
        this.bus = bus;
        this.log('info', 'connected to the session bus', { address });
        this.listener.connected();
        resolve();
      });
    });
  }
}

export const DBUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;
