import { type ApiClient, connectToDaemon, notUnderstood } from '../api/client/index.js';

/** Asks the daemon and lets go of it, whatever comes of it. `runtimeDir`: what `--runtime-dir` said. */
export async function askDaemon<T>(
  runtimeDir: string | undefined,
  ask: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const client = await connectToDaemon({ runtimeDir });
  try {
    return await ask(client);
  } catch (error) {
    throw notUnderstood(error);
  } finally {
    client.close();
  }
}
