import { type AgentReport, type ApiClient, connectToDaemon } from '../../api/client/index.js';

const COALESCE_MS = 30;
/** Looking at a window changes what is unseen, and no event says so. */
const UNSEEN_MS = 1_000;
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
  let over = false;
  const askIn = (delay_ms: number) => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (over) return;
    timer = setTimeout(() => {
      timer = null;
      void ask();
    }, delay_ms);
  };
  const ask = async () => {
    try {
      const agents = await client.call('agents');
      show(agents);
      // An event that came meanwhile has set its own, shorter time.
      if (timer === null && agents.some(({ unseen }) => unseen > 0)) askIn(UNSEEN_MS);
    } catch {
      client.close();
    }
  };
  try {
    await client.subscribe('events', { follow: true, limit: 0 }, () => askIn(COALESCE_MS));
    await ask();
    await client.closed;
  } finally {
    over = true;
    if (timer !== null) clearTimeout(timer);
    client.close();
  }
}
