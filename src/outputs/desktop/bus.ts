import type { Socket } from 'node:net';
import type { Message, MessageBus } from '@jellybrick/dbus-next';
import { Backoff } from '../../lib/process/backoff.js';
import { GuardedStream } from './dbus/guarded-stream.js';
import { type Log, Once } from './out.js';

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
/** Of our calls, as many may wait for an answer. */
const MAX_UNANSWERED = 200;

/** What the library keeps to itself: where it takes the connection over, and where it tells of its end. */
interface LibraryConnection extends NodeJS.EventEmitter {
  _wireStream(stream: unknown): void;
}

/** The user's session bus: connected while it is there, and again when it comes back. */
export class SessionBus {
  private bus: MessageBus | null = null;
  private connecting = false;
  private dbus: DBus | null = null;
  private stream: GuardedStream | null = null;
  private readonly unanswered = new Set<(error: Error) => void>();
  private readonly backoff = new Backoff({ once_at_once: true });
  private readonly once: Once;

  constructor(
    private readonly log: Log,
    private readonly listener: BusListener,
    /** The bus went away: look for it again. */
    private readonly gone: () => void,
  ) {
    this.once = new Once(log);
  }

  get connection(): MessageBus | null {
    return this.bus;
  }

  get library(): DBus | null {
    return this.dbus;
  }

  /** Connects unless connected. Does not throw. */
  async use(address: string): Promise<void> {
    if (this.bus !== null || this.connecting || !this.backoff.mayTry) return;
    this.connecting = true;
    this.backoff.begun();
    try {
      // Only those who have a desktop pay for it.
      this.dbus ??= await import('@jellybrick/dbus-next');
      await this.connect(this.dbus, address);
    } catch (error) {
      this.backoff.failed();
      this.once.warn('connect', `the session bus does not answer: ${(error as Error).message}`, { address });
    } finally {
      this.connecting = false;
    }
  }

  close(): void {
    this.bus = null;
    this.stream?.destroy();
    this.stream = null;
  }

  async call(options: CallOptions): Promise<unknown[]> {
    const { bus, dbus } = this;
    if (bus === null || dbus === null) throw new Error('not connected to the session bus');
    if (this.unanswered.size >= MAX_UNANSWERED) {
      const why = new Error('it answers nothing');
      this.stream?.destroy(why);
      throw why;
    }
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
      // By who we are, and no other way: cookies would have it read files.
      const bus = dbus.sessionBus({ busAddress: address, authMethods: ['EXTERNAL'] });
      const inner = (bus as unknown as { _connection: LibraryConnection })._connection;
      let stream: GuardedStream | null = null;
      let over = false;
      const fail = (why: Error) => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        stream?.destroy();
        if (this.bus === bus) this.lost(why, address);
        else reject(why);
      };
      const takeOver = inner._wireStream.bind(inner);
      inner._wireStream = socket => {
        stream = new GuardedStream(socket as Socket);
        stream.on('close', () => fail(stream?.errored ?? new Error('it closed the connection')));
        takeOver(stream);
        if (over) stream.destroy();
      };
      const timer = setTimeout(() => fail(new Error('no answer')), CONNECT_MS);
      bus.on('error' as 'connect', ((error: Error) => fail(error)) as () => void);
      inner.on('end', () => fail(new Error('it closed the connection')));
      bus.on('message', message => {
        if (message.type === dbus.MessageType.SIGNAL) this.listener.signal(message);
      });
      bus.once('connect', () => {
        if (over) return;
        clearTimeout(timer);
        this.bus = bus;
        this.stream = stream;
        this.once.clear('connect', 'the session bus answers again', { address });
        this.log('info', 'connected to the session bus', { address });
        this.listener.connected();
        resolve();
      });
    });
  }

  private lost(why: Error, address: string): void {
    this.bus = null;
    this.stream = null;
    const wait_ms = this.backoff.failed();
    for (const abandon of this.unanswered) abandon(new Error('the session bus is gone'));
    this.unanswered.clear();
    this.log('info', `the session bus is gone: ${why.message}`, { address, again_in_ms: wait_ms });
    this.listener.lost();
    this.gone();
  }
}

export const DBUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;
