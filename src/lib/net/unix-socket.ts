import { createConnection, type Socket } from 'node:net';

/** The kernel's sun_path has 108 bytes. Node.js cuts a longer path off and listens somewhere else, without a word. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Those who listen have as many waiting as the kernel keeps: a moment later they may not. */
const AGAIN_MS = 5;

/** Connects to a Unix socket. Rejects with the system's error, or when nobody accepts within `timeout_ms`. */
export async function connectUnix(path: string, timeout_ms: number): Promise<Socket> {
  const until_ms = performance.now() + timeout_ms;
  for (;;) {
    try {
      return await connectOnce(path, Math.max(1, until_ms - performance.now()));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() >= until_ms) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
  }
}

function connectOnce(path: string, timeout_ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const late = () => socket.destroy(new Error(`no connection within ${timeout_ms} ms`));
    const timer = setTimeout(late, timeout_ms);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', error => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
