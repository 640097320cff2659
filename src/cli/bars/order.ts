import type { AgentReport } from '../../api/client/index.js';
import { concernOf, isRequest } from '../../model/agent.js';

/** 3: asks something, 2: its turn is over and nobody looked, 1: works, 0: waits with nothing new. */
export function attention(agent: AgentReport): 0 | 1 | 2 | 3 {
  if (agent.state === 'WORKING') return concernOf(agent.reason) === 'trouble' ? 2 : 1;
  if (agent.state !== 'WAITING') return 0;
  if (isRequest(agent.reason)) return 3;
  if (concernOf(agent.reason) === 'trouble') return 2;
  return agent.reason === 'done' && agent.unseen > 0 ? 2 : 0;
}

/** Living interactive agents of one user, the one that waits longest for its person first. */
export function ownAgents(agents: readonly AgentReport[], uid: number): AgentReport[] {
  return agents
    .filter(agent => agent.uid === uid && agent.interactive && agent.state !== 'EXITED')
    .sort(
      (a, b) => attention(b) - attention(a) || Date.parse(a.since) - Date.parse(b.since) || a.pid - b.pid,
    );
}

/** Whom `vigil focus next` shows: requests first, then turns that ended, then anything that waits. */
export function nextToFocus(agents: readonly AgentReport[], uid: number): AgentReport | undefined {
  const own = ownAgents(agents, uid);
  return own.find(agent => attention(agent) > 1) ?? own.find(agent => agent.state === 'WAITING');
}
