import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { FaultLog } from '../../lib/log/faults.js';
import type { Logger } from '../../lib/log/logger.js';
import { MAX_SOCKET_PATH_BYTES } from '../../lib/net/unix-socket.js';
import { printable } from '../../lib/text/printable.js';
import { SOCKET_NAME } from '../../model/places.js';
import type { Viewer } from '../../model/viewer.js';
import type { Asker } from '../../store/asker.js';
import type { Caller } from '../commands/definition.js';
import type { Services } from '../services.js';
import type { Stream } from '../streams/stream.js';
import { admit } from './admission.js';
import { answer, errorReply } from './answer.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { clientPlaces } from './descriptors.js';
import type { Rank } from './lane.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { RuntimeLock } from './lock.js';
import { gidOf, isOwner, type Peer, peerOf, type Trust, viewerOf } from './peer.js';
import { RequestScheduler } from './scheduler.js';
import { Subscriptions } from './subscriptions.js';

export interface ApiServerOptions {
  /** From lockRuntimeDir(): the folder is ours. */
  lock: RuntimeLock;
  services: Services;
  logger: Logger;
  limits?: Partial<Limits>;
  /** Counts what fails, and shows it. */
  faults?: Pick<FaultLog, 'record'>;
  /** Found out by itself without it. */
  trust?: Trust;
}

/** What the kernel and Node do for each connection, beside what is measured. */
const ACCEPT_MS = 0.1;
/** Of what one ordinary user, and all of them together, may have of memory that is everybody's. */
const USER_SHARE = 1 / 4;
const USERS_SHARE = 3 / 4;
const SWEEPS = 10;
/** A client that was dropped for the same reason is logged so often. */
const LOG_EVERY_MS = 10_000;

/** `vigil.sock`: construct → `start()` → `stop()`. The lock stays with whoever took it. */
export class ApiServer implements ConnectionOwner {
  readonly limits: Limits;
  readonly scheduler: RequestScheduler;
  readonly socketPath: string;
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly trust: Trust;
  private readonly subscriptions: Subscriptions;
  private sweeper: NodeJS.Timeout | null = null;
  private readonly logged = new Map<string, number>();

  constructor(private readonly options: ApiServerOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...clientPlaces(DEFAULT_LIMITS), ...options.limits };
    this.scheduler = new RequestScheduler(this.limits, error => this.failed(error));
    this.socketPath = join(options.lock.dir, SOCKET_NAME);
    this.trust = options.trust ?? { ownUid: process.geteuid!(), adminGid: gidOf('vigil') };
    this.subscriptions = new Subscriptions(options.services, this.connections);
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
    this.sweeper = setInterval(() => this.sweep(), this.limits.idleMs / SWEEPS).unref();
  }

  async stop(): Promise<void> {
    if (this.sweeper !== null) clearInterval(this.sweeper);
    this.subscriptions.stop();
    this.scheduler.stop();
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
    const begin_ms = performance.now();
    const peer = peerOf(socket, this.trust.adminGid);
    const viewer = viewerOf(peer, this.trust);
    const lane = this.scheduler.lane(peer?.uid ?? null, this.rankOf(peer, viewer));
    // Who has used up his time by coming and going is not even told why: that is work, too.
    if (lane.isInDebt) socket.destroy();
    else this.admit(new Connection(socket, peer, viewer, lane, this), socket);
    this.scheduler.charge(lane, performance.now() - begin_ms + ACCEPT_MS);
  }

  private rankOf(peer: Peer | null, viewer: Viewer): Rank {
    if (isOwner(peer, this.trust)) return 'owner';
    return viewer.kind === 'all' ? 'admin' : 'user';
  }

  private admit(connection: Connection, socket: Socket): void {
    const admission = admit(connection.lane, this.connections, this.limits);
    if (admission.kind === 'refused') {
      socket.on('error', () => {});
      connection.end(errorReply(null, 'busy', admission.why));
      return;
    }
    this.connections.add(connection);
    connection.lane.connections++;
    connection.start();
    if (admission.evict === null) return;
    this.dropped(admission.evict, 'others need its place');
    // Its place is free from now on, though it may take a moment to be gone.
    this.closed(admission.evict);
    admission.evict.end(errorReply(null, 'busy', 'vigil let go of this connection: others need its place'));
  }

  /** Lets go of clients that are silent and are sent nothing. */
  private sweep(): void {
    const since_ms = performance.now() - this.limits.idleMs;
    for (const connection of this.connections) {
      if (!connection.isIdle || connection.active_ms >= since_ms) continue;
      this.dropped(connection, 'it was silent for too long');
      connection.end(errorReply(null, 'busy', 'vigil let go of this connection: it was silent for too long'));
    }
    this.scheduler.sweep();
  }

  roomForRequests({ lane }: Connection): boolean {
    return this.hasRoom(lane.uid, lane.rank, this.limits.totalRequestBytes, ({ heldBytes }) => heldBytes);
  }

  roomForReplies({ lane }: Connection): boolean {
    const unsent = new Map<object, number>();
    for (const one of this.connections) unsent.set(one.lane, (unsent.get(one.lane) ?? 0) + one.unsentBytes);
    return this.hasRoom(lane.uid, lane.rank, this.limits.totalUnsentBytes, one => unsent.get(one) ?? 0);
  }

  /** A user has a share, all users a larger one, and root what is left as well. */
  private hasRoom(
    uid: number | null,
    rank: Rank,
    limit: number,
    of: (lane: { heldBytes: number }) => number,
  ): boolean {
    let total = 0;
    let ofUsers = 0;
    let own = 0;
    for (const lane of this.scheduler.all) {
      const bytes = of(lane);
      total += bytes;
      if (lane.rank === 'user') ofUsers += bytes;
      if (lane.uid === uid && lane.rank === rank) own += bytes;
    }
    if (rank !== 'user') return total <= limit;
    return own <= limit * USER_SHARE && ofUsers <= limit * USERS_SHARE;
  }

  line(connection: Connection, line: Buffer): void {
    let subscribe = (stream: Stream) => {
      // In the same turn of the event loop as the answer: nothing lies between its last event and the next one.
      first = stream;
    };
    let first: Stream | null = null;
    const reply = answer(
      line,
      this.options.services,
      this.callerOf(connection),
      stream => subscribe(stream),
      error => this.failed(error),
    );
    if (reply instanceof Promise) connection.replyLater(reply);
    else connection.reply(reply);
    subscribe = stream => this.subscriptions.add(connection, stream);
    if (first !== null) subscribe(first);
  }

  private callerOf(connection: Connection): Caller {
    const { viewer, peer, lane } = connection;
    return {
      viewer,
      isOwner: isOwner(peer, this.trust),
      person: peer === null ? null : { uid: peer.uid, gid: peer.gid, groups: peer.groups },
      clients: this.connections.size,
      inTurns: work => this.scheduler.inTurns(lane, work),
      asker: this.askerOf(connection),
    };
  }

  private askerOf({ lane }: Connection): Asker {
    return {
      uid: lane.rank === 'owner' ? null : lane.uid,
      charge: work_ms => this.scheduler.charge(lane, work_ms),
    };
  }

  /** Who connects again and again does not fill the log. */
  dropped({ peer }: Connection, reason: string): void {
    const now_ms = performance.now();
    const key = `${peer?.uid} ${reason.replaceAll(/\d+/g, '')}`;
    if (now_ms - (this.logged.get(key) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    if (this.logged.size > 1000) this.logged.clear();
    this.logged.set(key, now_ms);
    this.options.logger.warn({ peer_pid: peer?.pid, peer_uid: peer?.uid }, `dropped a client: ${reason}`);
  }

  failed(error: unknown): void {
    const { faults, logger } = this.options;
    if (faults === undefined) logger.error({ err: error }, 'a request failed');
    else faults.record('requests at the socket', error);
  }

  closed(connection: Connection): void {
    if (!this.connections.delete(connection)) return;
    connection.lane.connections--;
    this.subscriptions.closed();
  }
}
