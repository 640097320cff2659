import type { Socket } from 'node:net';
import { LineBuffer } from '../../lib/text/line-buffer.js';
import type { CommandName, MessageOf, ParamsOf, ResultOf } from '../commands/map.js';
import type { Reply } from '../protocol.js';
import { ApiError, NotRunningError, notUnderstood } from './errors.js';

/** The largest answers are reports, of some 20 MB at most. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

interface Pending {
  resolve(data: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export const TIMEOUT_MS = 5000;
/** What takes longer: a grace (actions.grace_s) and some more; a year of the database. */
const PATIENCE_MS: { readonly [N in CommandName]?: number } = { kill_process: 330_000, report: 60_000 };

/** Commands that are followed by a stream, and of what type its messages are. */
const PUSHES = { agents: 'agents_changed', events: 'event', record: 'observation' } as const;
const PUSH_TYPES: ReadonlySet<string> = new Set(Object.values(PUSHES));
type Subscribing = keyof typeof PUSHES;
type Push = { type: (typeof PUSHES)[Subscribing]; data: unknown };
type Pushed<N extends Subscribing> = Extract<MessageOf<N>, { type: (typeof PUSHES)[N] }>['data'];

/** Params need not be given where all of them have a default. */
type Arguments<N extends CommandName> =
  Record<never, never> extends ParamsOf<N>
    ? [params?: ParamsOf<N>, timeoutMs?: number]
    : [params: ParamsOf<N>, timeoutMs?: number];

/**
 * A connection to the daemon. Of the commands it knows the types alone: their schemas would cost every start of the
 * command line.
 */
export class ApiClient {
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly buffer = new LineBuffer();
  /** By the type of the message. */
  private readonly listeners = new Map<string, (data: unknown) => void>();
  private closedBy: Error | null = null;
  /** Settles when the connection is over, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private readonly timeoutMs: number = TIMEOUT_MS,
  ) {
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', () => {});
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.fail(new NotRunningError('the vigil daemon closed the connection'));
        resolve();
      });
    });
  }

  /** Why it is over; null while it is not. */
  get whyClosed(): Error | null {
    return this.closedBy;
  }

  /** Asks the daemon: what is sent and what comes back have the types of the command of that name. */
  call<N extends CommandName>(name: N, ...[params, timeoutMs]: Arguments<N>): Promise<ResultOf<N>> {
    const patience = timeoutMs ?? PATIENCE_MS[name] ?? this.timeoutMs;
    return this.request(name, params ?? {}, patience) as Promise<ResultOf<N>>;
  }

  /** The same of a command that is followed by a stream: `listener` gets each message after the answer. */
  subscribe<N extends Subscribing>(
    name: N,
    params: ParamsOf<N>,
    listener: (data: Pushed<N>) => void,
  ): Promise<ResultOf<N>> {
    this.listeners.set(PUSHES[name], listener as (data: unknown) => void);
    return this.request(name, params as object, this.timeoutMs) as Promise<ResultOf<N>>;
  }

  private request(cmd: string, params: object, timeoutMs: number): Promise<unknown> {
    if (this.closedBy !== null) return Promise.reject(this.closedBy);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new NotRunningError(`the vigil daemon did not answer "${cmd}" within ${timeoutMs} ms`));
      }, timeoutMs);
      this.pending.set(id, { resolve, reject, timer });
      this.socket.write(`${JSON.stringify({ cmd, id, params })}\n`);
    });
  }

  close(): void {
    this.fail(new NotRunningError('the connection was closed'));
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.closedBy ??= error;
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(this.closedBy);
    }
    this.pending.clear();
  }

  private receive(chunk: Buffer): void {
    this.buffer.push(chunk);
    for (let line = this.buffer.take(); line !== undefined; line = this.buffer.take()) {
      if (this.closedBy !== null) return;
      this.line(line);
    }
    if (this.buffer.size > MAX_LINE_BYTES)
      this.giveUp(new Error(`an answer has more than ${MAX_LINE_BYTES} bytes: that is no daemon of vigil's`));
  }

  /** Whoever answers there may be anybody's program, or another version. */
  private line(line: Buffer): void {
    try {
      const message = JSON.parse(line.toString('utf8')) as Reply | Push;
      if (isPush(message)) this.listeners.get(message.type)?.(message.data);
      else this.settle(message);
    } catch (error) {
      this.giveUp(notUnderstood(error));
    }
  }

  private giveUp(error: Error): void {
    this.fail(error);
    this.buffer.clear();
    this.socket.destroy();
  }

  private settle(reply: Reply): void {
    const error = reply.type === 'error' ? new ApiError(reply.error.code, reply.error.message) : null;
    // Without an id it is about the connection: the daemon is full, say.
    if (reply.id === null && error !== null) this.fail(error);
    const waiting = this.pending.get(reply.id as number);
    if (waiting === undefined) return;
    this.pending.delete(reply.id as number);
    clearTimeout(waiting.timer);
    if (error !== null) waiting.reject(error);
    else waiting.resolve(reply.type === 'response' ? reply.data : undefined);
  }
}

function isPush(message: Reply | Push): message is Push {
  return PUSH_TYPES.has(message.type);
}
