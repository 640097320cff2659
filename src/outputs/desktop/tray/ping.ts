import { connectUnix } from '../../../lib/net/unix-socket.js';

const PING_MS = 2_000;

/** Does somebody answer on this Unix socket, in the daemon's protocol? Never rejects. */
export async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await connectUnix(path, PING_MS);
    return await new Promise(resolve => {
      const end = (answered: boolean) => {
        socket.destroy();
        resolve(answered);
      };
      socket.setTimeout(PING_MS, () => end(false));
      socket.once('data', () => end(true));
      socket.once('error', () => end(false));
      socket.once('close', () => end(false));
      socket.write('{"cmd":"ping"}\n');
    });
  } catch {
    return false;
  }
}
