import { type ApiClient, connectToDaemon } from '../src/api/client/index.js';

/**
 * Asks the daemon of that runtime directory. A command line for each question would cost a busy machine more than the
 * daemon does. @throws while none answers.
 */
export async function ask<T>(runtimeDir: string, question: (client: ApiClient) => Promise<T>): Promise<T> {
  const client = await connectToDaemon({ runtimeDir, timeoutMs: 20_000 });
  try {
    return await question(client);
  } finally {
    client.close();
  }
}

/** @throws while none answers. */
export const health = (runtimeDir: string) => ask(runtimeDir, client => client.call('health'));
