import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Rate } from '../../../lib/limits/rate.js';
import { DbusFrames } from './frames.js';

/** The lines that are exchanged before the first message (SASL) have a hundred bytes together. */
const MAX_AUTH_BYTES = 4 * 1024;
const MESSAGES_PER_S = 500;
const MESSAGES_AT_ONCE = 2_000;
const BYTES_PER_S = 512 * 1024;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** What the other side has not read yet of ours. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const BEGIN = 'BEGIN\r\n';

/**
 * A connection to a bus, as the D-Bus library sees it: only valid messages come through, of a bounded size and number,
 * and an error in the library's own handlers ends the connection, not the process. Who is on the other end may be
 * hostile: any program of the user may be a session bus.
 */
export class GuardedStream extends Duplex {
  private readonly frames = new DbusFrames();
  private readonly messages = new Rate(MESSAGES_PER_S, MESSAGES_AT_ONCE);
  private readonly volume = new Rate(BYTES_PER_S, BYTES_AT_ONCE);
  private authBytes = 0;
  private begun = false;

  constructor(private readonly socket: Socket) {
    super();
    socket.on('connect', () => this.emit('connect'));
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', error => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    try {
      return super.emit(event, ...args);
    } catch (error) {
      this.destroy(error as Error);
      return true;
    }
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.begun && chunk.toString('latin1').endsWith(BEGIN)) this.begin();
    if (this.writableLength > MAX_UNREAD_BYTES) this.destroy(new Error('it does not read what it is told'));
    else this.socket.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  /** Messages only from now on. */
  private begin(): void {
    this.begun = true;
    if (this.readableLength > 0) this.destroy(new Error('it speaks before it is asked'));
  }

  private receive(chunk: Buffer): void {
    try {
      if (!this.volume.take(chunk.length))
        throw new Error(`it floods: more than ${BYTES_PER_S} bytes a second`);
      if (this.begun) this.receiveMessages(chunk);
      else this.receiveAuth(chunk);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  private receiveAuth(chunk: Buffer): void {
    this.authBytes += chunk.length;
    if (this.authBytes > MAX_AUTH_BYTES) throw new Error('its greeting has no end');
    this.push(chunk);
  }

  private receiveMessages(chunk: Buffer): void {
    for (const message of this.frames.push(chunk)) {
      if (!this.messages.take()) throw new Error(`it floods: more than ${MESSAGES_PER_S} messages a second`);
      if (!this.push(message)) this.socket.pause();
    }
  }
}
