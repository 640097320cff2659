import { type AgentReport, type ApiClient, connectToDaemon } from '../../api/client/index.js';

const COALESCE_MS = 30;
const RECONNECT_MS = 1_000;

/**
 * Calls back with the agents, again whenever they may have changed, for ever; with null while no daemon
 * answers. Never throws.
 */
export async function followAgents(
  runtimeDir: string | undefined,
  show: (agents: readonly AgentReport[] | null) => void,
): Promise<never> {
  for (;;) {
    try {
      await followOnce(await connectToDaemon({ runtimeDir }), show);
    } catch {
      // said by the picture
    }
    show(null);
    await new Promise(resolve => setTimeout(resolve, RECONNECT_MS));
  }
}

/** Resolves when the connection is over. */
async function followOnce(client: ApiClient, show: (agents: readonly AgentReport[]) => void): Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  const ask = async () => {
    timer = null;
    try {
      show(await client.call('agents'));
    } catch {
      client.close();
    }
  };
  try {
    // What changes before the answer to this has been sent is in it.
    const agents = await client.subscribe('agents', { follow: true }, () => {
      timer ??= setTimeout(() => void ask(), COALESCE_MS);
    });
    show(agents);
    await client.closed;
  } finally {
    if (timer !== null) clearTimeout(timer);
    client.close();
  }
}
