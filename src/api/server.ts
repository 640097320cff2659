import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { SOCKET_NAME } from '../config/paths.js';
import type { Logger } from '../log/logger.js';
import { printable } from '../text/printable.js';
import { MAX_SOCKET_PATH_BYTES } from '../unix-socket.js';
import { answer, errorReply } from './answer.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Push } from './contract.js';
import type { DaemonView, OwnedEvent } from './daemon-view.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { RuntimeLock } from './lock.js';
import { gidOf, isOwner, mayView, peerOf, type Trust, viewOf } from './peer.js';
import { type SeedPush, seedAlert, seedStatus } from './runaway-guard.js';
import { Turns } from './turns.js';

export interface ApiServerOptions {
  /** From lockRuntimeDir(): the folder is ours. */
  lock: RuntimeLock;
  view: DaemonView;
  logger: Logger;
  limits?: Partial<Limits>;
  /** Found out by itself without it. */
  trust?: Trust;
}

/** `vigil.sock`: construct → `start()` → `stop()`. The lock stays with whoever took it. */
export class ApiServer implements ConnectionOwner {
  readonly limits: Limits;
  readonly turns: Turns;
  readonly socketPath: string;
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly trust: Trust;
  private unsubscribe: (() => void) | null = null;
  private unsubscribeMachine: (() => void) | null = null;
  private unsubscribeRecording: (() => void) | null = null;

  constructor(private readonly options: ApiServerOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.turns = new Turns(this.limits.sliceMs);
    this.socketPath = join(options.lock.dir, SOCKET_NAME);
    this.trust = options.trust ?? { ownUid: process.geteuid!(), adminGid: gidOf('vigil') };
    // Of a client that is not listened to one piece is kept, not as many as 16 KiB hold: they may be of one byte.
    this.server = createServer({ highWaterMark: 1, allowHalfOpen: true }, socket => this.accept(socket));
  }

  get clientCount(): number {
    return this.connections.size;
  }

  /** @throws Error that says where it cannot listen, and why */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.socketPath) > MAX_SOCKET_PATH_BYTES) {
      throw new Error(
        `cannot listen on ${printable(this.socketPath)}: a socket's path has ${MAX_SOCKET_PATH_BYTES} bytes at most, choose a shorter --runtime-dir`,
      );
    }
    // The lock is ours, so this can only be left over from a daemon that died.
    try {
      unlinkSync(this.socketPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    // Root's socket is for everybody: what each may see is decided by the peer's identity.
    const shared = process.geteuid!() === 0;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', error => reject(this.listenError(error)));
      this.server.listen({ path: this.socketPath, readableAll: shared, writableAll: shared }, resolve);
    });
    this.server.on('error', error => this.options.logger.error({ err: error }, 'the API socket failed'));
    this.unsubscribe = this.options.view.onEvent(owned => this.tell(owned));
  }

  async stop(): Promise<void> {
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.unsubscribeMachine?.();
    this.unsubscribeMachine = null;
    this.unsubscribeRecording?.();
    this.unsubscribeRecording = null;
    const closed = new Promise<void>(resolve => {
      this.server.close(() => resolve());
    });
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  private listenError(error: NodeJS.ErrnoException): Error {
    return new Error(`cannot listen on ${printable(this.socketPath)}: ${error.code}`, { cause: error });
  }

  private accept(socket: Socket): void {
    const peer = peerOf(socket);
    const connection = new Connection(socket, peer, viewOf(peer, this.trust), this);
    const full = this.isFull(connection);
    if (full !== null) {
      socket.on('error', () => {});
      connection.end(errorReply(null, 'busy', full));
      return;
    }
    this.connections.add(connection);
    connection.start();
  }

  private isFull({ peer, sees }: Connection): string | null {
    const { clients, clientsPerUser } = this.limits;
    if (this.connections.size >= clients) return `vigil serves ${clients} clients at most`;
    if (sees.kind === 'all') return null;
    let same = 0;
    for (const other of this.connections) if (other.peer?.uid === peer?.uid) same++;
    return same >= clientsPerUser ? `vigil serves ${clientsPerUser} clients of a user at most` : null;
  }

  private tell({ uid, event, alert }: OwnedEvent): void {
    const push: Push = { type: 'event', data: event };
    const line = Buffer.from(`${JSON.stringify(push)}\n`);
    const seedLine =
      event.type === 'alert_opened' && alert !== undefined
        ? Buffer.from(`${JSON.stringify({ type: 'alert', data: seedAlert(alert) } satisfies SeedPush)}\n`)
        : null;
    for (const connection of this.connections) {
      if (!mayView(connection.sees, uid)) continue;
      if (connection.following) connection.send(line);
      if (connection.broadcast && seedLine !== null) connection.send(seedLine);
    }
  }

  private broadcastTo(connection: Connection): void {
    connection.broadcast = true;
    this.unsubscribeMachine ??= this.options.view.onMachine(snapshot => {
      const open = this.options.view.openAlerts();
      for (const other of this.connections) {
        if (!other.broadcast) continue;
        const mine = open.filter(({ subject }) => mayView(other.sees, subject.uid));
        other.send(`${JSON.stringify(seedStatus(snapshot, mine.length))}\n`);
      }
    });
  }

  /** Observations are many: nothing is made of them while nobody records. */
  private record(connection: Connection): void {
    connection.recording = true;
    this.unsubscribeRecording ??= this.options.view.onObservation(observation => {
      const line = Buffer.from(
        `${JSON.stringify({ type: 'observation', data: observation } satisfies Push)}\n`,
      );
      for (const other of this.connections) if (other.recording) other.send(line);
    });
  }

  roomForRequests(): boolean {
    let held = 0;
    for (const connection of this.connections) held += connection.heldBytes;
    return held <= this.limits.totalRequestBytes;
  }

  roomForReplies(): boolean {
    let unsent = 0;
    for (const connection of this.connections) unsent += connection.unsentBytes;
    return unsent <= this.limits.totalUnsentBytes;
  }

  line(connection: Connection, line: Buffer): void {
    let follow = false;
    let record = false;
    let broadcast = false;
    const context = {
      view: this.options.view,
      sees: connection.sees,
      isOwner: isOwner(connection.peer, this.trust),
      peer: connection.peer,
      clients: this.connections.size,
      follow: () => {
        follow = true;
      },
      record: () => {
        record = true;
      },
      broadcast: () => {
        broadcast = true;
      },
    };
    const reply = answer(line, context, error => this.failed(error));
    if (reply instanceof Promise) connection.replyLater(reply);
    else connection.reply(reply);
    // Same turn of the event loop as the answer: nothing lies between its last event and the next one.
    if (follow) connection.following = true;
    if (record) this.record(connection);
    if (broadcast) this.broadcastTo(connection);
  }

  dropped({ peer }: Connection, reason: string): void {
    this.options.logger.warn({ peer_pid: peer?.pid, peer_uid: peer?.uid }, `dropped a client: ${reason}`);
  }

  failed(error: unknown): void {
    this.options.logger.error({ err: error }, 'a request failed');
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    const others = [...this.connections];
    if (!others.some(other => other.broadcast)) {
      this.unsubscribeMachine?.();
      this.unsubscribeMachine = null;
    }
    if (others.some(other => other.recording)) return;
    this.unsubscribeRecording?.();
    this.unsubscribeRecording = null;
  }
}
