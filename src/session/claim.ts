import { mkdirSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';

/** Who holds it serves the desktop: popups, badges, and the icon in the tray. */
export const desktopClaim = (runtimeDir: string) => `${runtimeDir}/vigil/desktop.sock`;

/**
 * One hand for each desktop: of a daemon of root and one of the user, only one shows popups. Whoever listens
 * on the socket has it; a socket that nobody listens on is left over from a hand that died.
 */
export class Claim {
  private server: Server | null = null;

  constructor(private readonly path: string) {}

  get held(): boolean {
    return this.server !== null;
  }

  /** True when it is ours now. Never rejects. */
  async take(): Promise<boolean> {
    if (this.server !== null) return true;
    try {
      mkdirSync(dirname(this.path), { mode: 0o700 });
    } catch {
      // there already, or listening says why not
    }
    if (await this.listen()) return true;
    if (await isClaimed(this.path)) return false;
    try {
      unlinkSync(this.path);
    } catch {
      // somebody else was faster
    }
    return this.listen();
  }

  release(): void {
    this.server?.close();
    this.server = null;
  }

  private listen(): Promise<boolean> {
    return new Promise(resolve => {
      const server = createServer(socket => socket.destroy());
      server.once('error', () => resolve(false));
      server.listen(this.path, () => {
        server.unref();
        this.server = server;
        resolve(true);
      });
    });
  }
}

/** Somebody listens there. */
export function isClaimed(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
