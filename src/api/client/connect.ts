import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorWords } from '../../lib/files/error-words.js';
import { connectUnix } from '../../lib/net/unix-socket.js';
import { printable } from '../../lib/text/printable.js';
import { clientRuntimeDirs, SOCKET_NAME } from '../../model/places.js';
import { ApiClient, TIMEOUT_MS } from './client.js';
import { NotRunningError } from './errors.js';

/** What these mean for a socket. */
const REASONS = { ENOENT: 'no such socket', ECONNREFUSED: 'left behind by a daemon that died' };

export interface ConnectOptions {
  /** What `--runtime-dir` said. */
  runtimeDir?: string | undefined;
  timeoutMs?: number;
}

/** Connects to the first runtime folder that has a daemon behind its socket. */
export async function connectToDaemon(options: ConnectOptions = {}): Promise<ApiClient> {
  const sockets = clientRuntimeDirs(options.runtimeDir).map(dir => join(dir, SOCKET_NAME));
  const failures: string[] = [];
  let isNowhere = true;
  for (const path of sockets) {
    try {
      checkOwner(path);
      return new ApiClient(
        await connectUnix(path, options.timeoutMs ?? TIMEOUT_MS),
        options.timeoutMs ?? TIMEOUT_MS,
      );
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ECONNREFUSED') isNowhere = false;
      failures.push(`${printable(path)}: ${errorWords(error, REASONS)}`);
    }
  }
  throw new NotRunningError(
    `no vigil daemon answers (${failures.join('; ')}). Start one: vigil daemon, or make run, or systemctl start vigil`,
    isNowhere,
  );
}

/** A folder in /tmp may be anybody's; believe a daemon only if it is root's or our own user's. */
function checkOwner(path: string): void {
  const { uid } = lstatSync(dirname(path));
  if (uid !== 0 && uid !== process.geteuid!()) {
    throw new Error(`the folder belongs to uid ${uid}, which is neither root nor you`);
  }
}
