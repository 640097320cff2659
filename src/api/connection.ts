import type { Socket } from 'node:net';
import { bugReply } from './answer.js';
import type { Reply } from './contract.js';
import type { Limits } from './limits.js';
import { LineBuffer } from './line-buffer.js';
import type { Peer, View } from './peer.js';
import type { Turns } from './turns.js';

/** What a connection tells the server that holds it. */
export interface ConnectionOwner {
  limits: Limits;
  turns: Turns;
  /** May this much more be kept? Of all clients together. */
  roomForRequests(): boolean;
  roomForReplies(): boolean;
  line(connection: Connection, line: Buffer): void;
  dropped(connection: Connection, reason: string): void;
  /** A request failed, which is a bug. */
  failed(error: unknown): void;
  closed(connection: Connection): void;
}

/** One client. It never waits for it: what it does not read in time is dropped together with it. */
export class Connection {
  following = false;
  recording = false;
  /** Gets what RunawayGuard's clients are sent unasked. */
  broadcast = false;
  private readonly buffer = new LineBuffer();
  private paused = false;
  /** For its turn: others are served meanwhile. */
  private waiting = false;
  private pending = 0;
  /** The client asks nothing more; it may still read. */
  private askedAll = false;
  private ended = false;
  /** Runs while a request has begun and not ended. */
  private deadline: NodeJS.Timeout | null = null;

  constructor(
    private readonly socket: Socket,
    readonly peer: Peer | null,
    readonly sees: View,
    private readonly owner: ConnectionOwner,
  ) {}

  start(): void {
    this.socket.on('data', chunk => this.receive(chunk));
    this.socket.on('drain', () => this.resume());
    // Resets and broken pipes: the close that follows is all that matters.
    this.socket.on('error', () => {});
    this.socket.on('end', () => {
      this.askedAll = true;
      this.endIfServed();
    });
    this.socket.on('close', () => {
      this.ended = true; // what it asked and is not answered yet is nobody's any more
      this.buffer.clear();
      this.expectRest(false);
      this.owner.closed(this);
    });
  }

  get heldBytes(): number {
    return this.buffer.heldBytes;
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  send(text: string | Buffer): void {
    if (this.ended) return;
    const unsent = this.socket.writableLength;
    const { unsentBytes, pauseBytes } = this.owner.limits;
    if (unsent > unsentBytes) {
      this.drop(`${unsent} bytes unread`);
      return;
    }
    this.socket.write(text);
    if (this.socket.writableLength > pauseBytes && !this.owner.roomForReplies()) {
      this.drop(`${this.socket.writableLength} bytes unread while memory for replies ran out`);
    }
  }

  reply(reply: Reply): void {
    this.send(`${this.written(reply)}\n`);
  }

  /** What JSON cannot hold (nested deeper than the stack, longer than a string can be) costs that one answer. */
  private written(reply: Reply): string {
    try {
      return JSON.stringify(reply);
    } catch (error) {
      this.owner.failed(error);
      return JSON.stringify(bugReply(reply.id));
    }
  }

  /** An answer that takes a while; those that are asked for after it may come before it. */
  replyLater(reply: Promise<Reply>): void {
    this.pending++;
    void reply.then(done => {
      this.pending--;
      this.reply(done);
      this.resume();
    });
  }

  /** Says one last thing and closes. */
  end(reply: Reply): void {
    if (this.ended) return;
    this.ended = true;
    this.expectRest(false);
    this.following = false;
    this.recording = false;
    this.broadcast = false;
    this.buffer.clear();
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
    this.buffer.push(chunk);
    this.work();
  }

  /** Answers what was asked, as far as the client reads the answers and others do not wait for their turn. */
  private work(): void {
    for (let answered = 0; !this.ended; ) {
      if (this.isBehind()) {
        this.expectRest(false); // it is we who do not read it
        this.pause();
        return;
      }
      if (!this.owner.turns.mayGoOn(answered)) {
        this.pause();
        this.waitForTurn();
        return;
      }
      const line = this.buffer.take();
      if (line === undefined) break;
      this.expectRest(false);
      if (line.length >= this.owner.limits.requestBytes) this.tooLarge();
      else if (line.length > 0) this.owner.line(this, line);
      answered++;
    }
    if (this.ended) return;
    if (this.buffer.size >= this.owner.limits.requestBytes) this.tooLarge();
    else if (this.buffer.size > 0 && !this.owner.roomForRequests()) this.drop('too many unfinished requests');
    else this.expectRest(this.buffer.size > 0);
  }

  /** A client with much left to read, or to be answered, is not listened to until it has it. */
  private isBehind(): boolean {
    const { pauseBytes, pendingReplies } = this.owner.limits;
    return this.socket.writableLength > pauseBytes || this.pending >= pendingReplies;
  }

  private pause(): void {
    this.paused = true;
    this.socket.pause();
  }

  private waitForTurn(): void {
    this.waiting = true;
    this.owner.turns.wait(() => {
      this.waiting = false;
      this.resume();
    });
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

  /** Who says goodbye first still gets its answers. */
  private endIfServed(): void {
    if (!this.askedAll || this.paused || this.pending > 0 || this.ended) return;
    this.ended = true;
    this.expectRest(false);
    this.socket.end();
  }

  private tooLarge(): void {
    const message = `a request may have ${this.owner.limits.requestBytes} bytes at most`;
    this.end({ type: 'error', id: null, error: { code: 'too_large', message } });
  }
}
