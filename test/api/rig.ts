import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../src/api/socket/limits.js';
import { lockRuntimeDir, type RuntimeLock } from '../../src/api/socket/lock.js';
import type { Trust } from '../../src/api/socket/peer.js';
import { ApiServer } from '../../src/api/socket/server.js';
import { createLogger } from '../../src/lib/log/logger.js';
import { FakeDaemon } from './fake-daemon.js';
import './strict.js';

/** A real server in a folder of its own, with a fake daemon behind it. */
export class Rig {
  readonly dir: string;
  readonly daemon = new FakeDaemon();
  log = '';
  readonly lock: RuntimeLock;
  readonly server: ApiServer;

  constructor({ dir, ...options }: { dir?: string; limits?: Partial<Limits>; trust?: Trust } = {}) {
    this.dir = dir ?? mkdtempSync(join(tmpdir(), 'vigil-api-'));
    this.lock = lockRuntimeDir(this.dir);
    const logger = createLogger({ level: 'trace', format: 'json', write: line => (this.log += line) });
    this.server = new ApiServer({ lock: this.lock, services: this.daemon.services, logger, ...options });
  }

  static async start(options: { limits?: Partial<Limits>; trust?: Trust } = {}): Promise<Rig> {
    const rig = new Rig(options);
    await rig.server.start();
    return rig;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.lock.release();
    rmSync(this.dir, { recursive: true });
  }

  raw(): RawClient {
    return new RawClient(createConnection({ path: this.server.socketPath }));
  }
}

/** Sends what it is told, byte by byte if need be. */
export class RawClient {
  text = '';
  closed = false;
  /** Whole lines so far; counted as they come, since there may be megabytes of them. */
  private lines = 0;

  constructor(readonly socket: Socket) {
    socket.on('data', chunk => {
      this.text += chunk.toString();
      for (const byte of chunk) if (byte === 10) this.lines++;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  send(text: string | Buffer): this {
    this.socket.write(text);
    return this;
  }

  get messages(): unknown[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line));
  }

  async until(count: number): Promise<unknown[]> {
    await waitFor(() => this.lines >= count || this.closed, 20_000);
    return this.messages;
  }
}

export async function waitFor(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
