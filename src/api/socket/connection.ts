import type { Socket } from 'node:net';
import { LineBuffer } from '../../lib/text/line-buffer.js';
import type { Viewer } from '../../model/viewer.js';
import type { Reply, RequestId } from '../protocol.js';
import type { Stream } from '../streams/stream.js';
import { bugReply, errorReply } from './answer.js';
import { isLong, jsonPieces, rowsIn } from './json-pieces.js';
import type { Lane } from './lane.js';
import type { Limits } from './limits.js';
import { type LongAnswer, Outbox } from './outbox.js';
import type { Peer } from './peer.js';
import type { RequestScheduler } from './scheduler.js';

/** What a connection tells the server that holds it. */
export interface ConnectionOwner {
  limits: Limits;
  scheduler: RequestScheduler;
  /** May this much more be kept for this client? */
  roomForRequests(connection: Connection): boolean;
  roomForReplies(connection: Connection): boolean;
  line(connection: Connection, line: Buffer): void;
  dropped(connection: Connection, reason: string): void;
  /** A request failed, which is a bug. */
  failed(error: unknown): void;
  closed(connection: Connection): void;
}

/** What the event loop and the kernel do for each piece that comes in, beside what is measured. */
const RECEIVE_MS = 0.03;
/** Nothing but a ping, with an id perhaps. One that is written otherwise is answered like any request. */
const PING =
  /^\{(?:"id":(?:"[^"\\]*"|[-+.\dEe]+|null),)?"cmd":"ping"(?:,"(?:id|params)":(?:"[^"\\]*"|[-+.\dEe]+|null|\{\}))*\}$/;
const PING_BYTES = 512;

/** One client. It never waits for it: what it does not read in time is dropped together with it. */
export class Connection {
  /** What it is sent unasked. */
  readonly streams = new Set<Stream>();
  /** When it last asked or read something. */
  active_ms = performance.now();
  private readonly buffer = new LineBuffer();
  private readonly outbox = new Outbox();
  /** A whole request, which waits for its turn. */
  private request: Buffer | null = null;
  private paused = false;
  /** For its turn: others are served meanwhile. */
  private waiting = false;
  /** The same for what it is to be sent. */
  private flushing = false;
  private pending = 0;
  /** As the lane counts it. */
  private held = 0;
  /** The client asks nothing more; it may still read. */
  private askedAll = false;
  private ended = false;
  /** Runs while a request has begun and not ended. */
  private deadline: NodeJS.Timeout | null = null;

  constructor(
    private readonly socket: Socket,
    readonly peer: Peer | null,
    readonly viewer: Viewer,
    readonly lane: Lane,
    private readonly owner: ConnectionOwner,
  ) {}

  start(): void {
    this.socket.on('data', chunk => this.receive(chunk));
    this.socket.on('drain', () => this.drained());
    // Resets and broken pipes: the close that follows is all that matters.
    this.socket.on('error', () => {});
    this.socket.on('end', () => {
      this.askedAll = true;
      this.endIfServed();
    });
    this.socket.on('close', () => {
      this.ended = true; // what it asked and is not answered yet is nobody's any more
      this.buffer.clear();
      this.outbox.clear();
      this.request = null;
      this.countHeld();
      this.expectRest(false);
      this.owner.closed(this);
    });
  }

  /** Gets something unasked: it may be silent for as long as it likes. */
  get isSubscribed(): boolean {
    return this.streams.size > 0;
  }

  /** Nothing of it is under way. */
  get isIdle(): boolean {
    return !this.isSubscribed && this.pending === 0 && !this.waiting;
  }

  get unsentBytes(): number {
    return this.socket.writableLength + this.outbox.bytes;
  }

  /** A line that it gets unasked; the same bytes may go to others. */
  push(line: Buffer): void {
    if (this.ended) return;
    this.outbox.addLine(line);
    if (!this.hasRoom()) return;
    this.flushLater();
  }

  reply(reply: Reply): void {
    if (this.ended) return;
    const written = this.written(reply);
    if (this.outbox.isEmpty && typeof written === 'string') this.socket.write(`${written}\n`);
    else if (typeof written === 'string') this.outbox.addLine(Buffer.from(`${written}\n`));
    else {
      this.addLong(reply.id, { pieces: written, rows: rowsIn(reply) });
      this.flushLater();
      return;
    }
    if (this.hasRoom() && !this.outbox.isEmpty) this.flushLater();
  }

  /** Its rows are kept until the client has read them: there may be no room for that. One may go beyond. */
  private addLong(id: RequestId, answer: LongAnswer): void {
    if (this.owner.roomForReplies(this)) {
      this.outbox.addAnswer(answer);
      return;
    }
    const message = 'too many answers wait to be read: ask again when they are';
    this.outbox.addLine(Buffer.from(`${JSON.stringify(errorReply(id, 'not_ready', message))}\n`));
  }

  /** What JSON cannot hold (nested deeper than the stack, longer than a string can be) costs that one answer. */
  private written(reply: Reply): string | Iterator<string, void, undefined> {
    try {
      return isLong(reply) ? withNewline(jsonPieces(reply)) : JSON.stringify(reply);
    } catch (error) {
      this.owner.failed(error);
      return JSON.stringify(bugReply(reply.id));
    }
  }

  /** An answer that takes a while; those that are asked for after it may come before it. */
  replyLater(reply: Promise<Reply>): void {
    this.pending++;
    void reply.then(done =>
      // Writing it down is work, too.
      this.owner.scheduler.add(this.lane, () => {
        this.pending--;
        this.reply(done);
        this.resume();
      }),
    );
  }

  /** Says one last thing and closes. */
  end(reply: Reply): void {
    if (this.ended) return;
    this.ended = true;
    this.expectRest(false);
    this.streams.clear();
    this.buffer.clear();
    this.outbox.clear();
    this.request = null;
    this.countHeld();
    this.socket.removeAllListeners('data');
    this.socket.resume(); // what still comes is thrown away, or the close would wait for it
    this.socket.end(`${JSON.stringify(reply)}\n`);
    setTimeout(() => this.socket.destroy(), 1000).unref();
  }

  destroy(): void {
    this.ended = true;
    this.socket.destroy();
  }

  private drop(reason: string): void {
    this.owner.dropped(this, reason);
    this.destroy();
  }

  private receive(chunk: Buffer): void {
    const begin_ms = performance.now();
    this.active_ms = begin_ms;
    this.buffer.push(chunk);
    this.work();
    this.owner.scheduler.charge(this.lane, performance.now() - begin_ms + RECEIVE_MS);
  }

  /** Lines up what was asked, as far as the client reads the answers. */
  private work(): void {
    if (this.ended || this.waiting) return;
    if (this.isBehind()) {
      this.expectRest(false); // it is we who do not read it
      this.pause();
      this.countHeld();
      return;
    }
    this.request = this.buffer.take() ?? null;
    this.countHeld();
    if (this.request !== null) {
      this.expectRest(false);
      this.waitForTurn(this.request);
      return;
    }
    const { requestBytes } = this.owner.limits;
    if (this.buffer.size >= requestBytes) this.tooLarge();
    else if (this.buffer.size > 0 && !this.owner.roomForRequests(this))
      this.drop('too many unfinished requests');
    else this.expectRest(this.buffer.size > 0);
    // Reading is work as well: a byte at a time it is more than answering.
    if (!this.ended && this.lane.isSpent) this.waitForTurn(null);
  }

  private waitForTurn(request: Buffer | null): void {
    const { scheduler } = this.owner;
    this.waiting = true;
    this.pause();
    const isPing = request !== null && isPlainPing(request);
    if (isPing) scheduler.addPing(this.lane, () => this.serve());
    else scheduler.add(this.lane, () => this.serve());
  }

  private serve(): void {
    const { request } = this;
    this.request = null;
    this.waiting = false;
    if (this.ended) return;
    if (request !== null && request.length >= this.owner.limits.requestBytes) this.tooLarge();
    else if (request !== null && request.length > 0) this.owner.line(this, request);
    this.resume();
  }

  /** A client with much left to read, or to be answered, is not listened to until it has it. */
  private isBehind(): boolean {
    const { pauseBytes, pendingReplies } = this.owner.limits;
    return this.unsentBytes > pauseBytes || this.pending >= pendingReplies;
  }

  private pause(): void {
    this.paused = true;
    this.socket.pause();
  }

  /** The rest of a request has a time in which to come; pieces of it do not prolong that. */
  private expectRest(isExpected: boolean): void {
    if (!isExpected) {
      if (this.deadline !== null) clearTimeout(this.deadline);
      this.deadline = null;
      return;
    }
    const { unfinishedMs } = this.owner.limits;
    this.deadline ??= setTimeout(
      () => this.drop(`a request was not finished within ${unfinishedMs} ms`),
      unfinishedMs,
    ).unref();
  }

  private resume(): void {
    if (this.paused && !this.waiting) {
      this.paused = false;
      this.work();
      if (!this.paused && !this.ended) this.socket.resume();
    }
    this.endIfServed();
  }

  private drained(): void {
    this.active_ms = performance.now();
    if (!this.outbox.isEmpty) this.flushLater();
    this.resume();
  }

  private flushLater(): void {
    if (this.flushing || this.ended) return;
    this.flushing = true;
    this.owner.scheduler.add(this.lane, () => this.flush());
  }

  /** Writes some of what waits; the next piece has its own turn, or waits until the client has read. */
  private flush(): void {
    this.flushing = false;
    if (this.ended || this.outbox.isEmpty) return;
    if (this.socket.writableLength > this.owner.limits.pauseBytes) return; // goes on when it has read
    try {
      const bytes = this.outbox.take();
      if (bytes !== null) this.socket.write(bytes);
    } catch (error) {
      // Half an answer is on its way: nothing that follows it could be understood.
      this.owner.failed(error);
      this.drop('its answer could not be written');
      return;
    }
    if (!this.outbox.isEmpty) this.flushLater();
    else this.resume();
  }

  /** Drops a client that leaves too much unread. */
  private hasRoom(): boolean {
    const { unsentBytes, pauseBytes } = this.owner.limits;
    const unsent = this.unsentBytes;
    if (this.isSubscribed && unsent > unsentBytes) {
      this.drop(`${unsent} bytes unread`);
      return false;
    }
    if (unsent > pauseBytes && !this.owner.roomForReplies(this)) {
      this.drop(`${unsent} bytes unread while memory for replies ran out`);
      return false;
    }
    return true;
  }

  private countHeld(): void {
    const held = this.buffer.heldBytes + (this.request?.length ?? 0);
    this.lane.heldBytes += held - this.held;
    this.held = held;
  }

  /** Who says goodbye first still gets its answers. */
  private endIfServed(): void {
    if (!this.askedAll || this.paused || this.pending > 0 || this.ended || !this.outbox.isEmpty) return;
    this.ended = true;
    this.expectRest(false);
    this.socket.end();
  }

  private tooLarge(): void {
    const message = `a request may have ${this.owner.limits.requestBytes} bytes at most`;
    this.end({ type: 'error', id: null, error: { code: 'too_large', message } });
  }
}

function* withNewline(pieces: Iterable<string>): Generator<string, void, undefined> {
  yield* pieces;
  yield '\n';
}

function isPlainPing(request: Buffer): boolean {
  return request.length <= PING_BYTES && PING.test(request.toString('latin1').replaceAll(/[ \t\r]/g, ''));
}
