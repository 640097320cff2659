import { mkdirSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { statFile } from '../proc/stat-file.js';
import { printable } from '../text/printable.js';
import { MAX_SOCKET_PATH_BYTES } from '../unix-socket.js';

/** Who holds it serves the desktop: popups, badges, and the icon in the tray. */
export const desktopClaim = (runtimeDir: string) => `${runtimeDir}/vigil/desktop.sock`;

const MAX_PATH_SHOWN = 60;

/** Why a claim cannot be had; never more than 200 characters. */
export interface Refusal {
  /** Somebody else has it: nothing is wrong. */
  taken: boolean;
  why: string;
}

const TAKEN: Refusal = { taken: true, why: 'another vigil serves this desktop' };

/**
 * One hand for each desktop: of a daemon of root and one of the user, only one shows popups. Whoever listens
 * on the socket has it; a socket that nobody listens on is left over from a hand that died.
 */
export class Claim {
  private server: Server | null = null;
  private refused: Refusal | null = null;

  constructor(private readonly path: string) {}

  get held(): boolean {
    return this.server !== null;
  }

  /** Why the last `take()` failed; null: it did not. */
  get refusal(): Refusal | null {
    return this.refused;
  }

  /** True when it is ours now; else `refusal` says why not. Never rejects. */
  async take(): Promise<boolean> {
    if (this.server !== null) return true;
    this.refused = await this.tryToTake();
    return this.refused === null;
  }

  release(): void {
    this.server?.close();
    this.server = null;
    this.refused = null;
  }

  private async tryToTake(): Promise<Refusal | null> {
    if (Buffer.byteLength(this.path) > MAX_SOCKET_PATH_BYTES) return failure(this.path, 'ENAMETOOLONG');
    const folder = dirname(this.path);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return failure(dirname(folder), codeOf(error));
    }
    const first = await this.listen();
    if (first === null) return null;
    if (first !== 'EADDRINUSE') return failure(folder, first);
    if (await isClaimed(this.path)) return TAKEN;
    try {
      unlinkSync(this.path);
    } catch (error) {
      // Gone: its hand ended just now, or somebody else was as fast.
      if (codeOf(error) !== 'ENOENT') return failure(this.path, codeOf(error));
    }
    const second = await this.listen();
    if (second === null) return null;
    return second === 'EADDRINUSE' ? TAKEN : failure(folder, second);
  }

  /** Null: we listen. Else the code of the error. */
  private listen(): Promise<string | null> {
    return new Promise(resolve => {
      const server = createServer(socket => socket.destroy());
      server.once('error', error => resolve(codeOf(error)));
      server.listen(this.path, () => {
        server.unref();
        this.server = server;
        resolve(null);
      });
    });
  }
}

/** Somebody listens there; also one who is too busy to accept. */
export function isClaimed(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', error => resolve(codeOf(error) === 'EAGAIN'));
  });
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function failure(path: string, code: string): Refusal {
  // libuv says EACCES for ENOENT when it listens.
  const what = code === 'EACCES' && statFile(path) === null ? 'ENOENT' : code;
  return {
    taken: false,
    why: `cannot claim this desktop: ${printable(path, MAX_PATH_SHOWN)} ${reason(what)}`,
  };
}

/** What is wrong with the path before it, and what to change. */
function reason(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'may not be written into: it must belong to this user; remove it or change its owner';
    case 'ENOENT':
      return 'is not there: log in again, or create it';
    case 'ENOTDIR':
      return 'is not a folder: remove it';
    case 'EISDIR':
      return 'is a folder: remove it';
    case 'EROFS':
      return 'is on a read-only file system: XDG_RUNTIME_DIR must be writable';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'does not fit on the full disk: make room';
    case 'ENAMETOOLONG':
      return `is longer than the ${MAX_SOCKET_PATH_BYTES} bytes of a socket's path: choose a shorter XDG_RUNTIME_DIR`;
    default:
      return `cannot be used: ${printable(code, 60)}`;
  }
}
