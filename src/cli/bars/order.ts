import type { AgentReport } from '../../api/client/index.js';
import { concernOf, isRequest } from '../../model/agent.js';

/** 4: asks something, 3: in trouble, 2: its turn is over, both until somebody looks, 1: works, 0: nothing new. */
export type Attention = 0 | 1 | 2 | 3 | 4;

export function attention(agent: AgentReport): Attention {
  if (agent.state !== 'WORKING' && agent.state !== 'WAITING') return 0;
  if (isRequest(agent.reason)) return 4;
  if (inTrouble(agent) && agent.unseen > 0) return 3;
  if (agent.state === 'WORKING') return 1;
  return agent.reason === 'done' && agent.unseen > 0 ? 2 : 0;
}

/** It does not go on by itself, whether somebody has looked or not. */
export function inTrouble({ reason }: AgentReport): boolean {
  return concernOf(reason) === 'trouble';
}

/** What bars count, the most urgent first, and the sign of each. */
export const COUNTED: readonly { sign: string; of(agent: AgentReport): boolean }[] = [
  { sign: '?', of: agent => attention(agent) === 4 },
  { sign: '!', of: inTrouble },
  { sign: '✔', of: agent => attention(agent) === 2 },
  { sign: '▶', of: agent => agent.state === 'WORKING' && !inTrouble(agent) },
  { sign: 'z', of: isAsleep },
];

/** Ctrl-Z: its person laid it aside. */
export function isAsleep({ reason }: AgentReport): boolean {
  return reason === 'suspended';
}

/** Living interactive agents of one user, the one that waits longest for its person first. */
export function ownAgents(agents: readonly AgentReport[], uid: number): AgentReport[] {
  return agents
    .filter(agent => agent.uid === uid && agent.interactive && agent.state !== 'EXITED')
    .sort(
      (a, b) => attention(b) - attention(a) || Date.parse(a.since) - Date.parse(b.since) || a.pid - b.pid,
    );
}

/** Whom `vigil focus next` shows: requests first, then trouble, then turns that ended, then anything that waits. */
export function nextToFocus(agents: readonly AgentReport[], uid: number): AgentReport | undefined {
  const own = ownAgents(agents, uid);
  return (
    own.find(agent => attention(agent) > 1) ??
    own.find(agent => agent.state === 'WAITING' && !isAsleep(agent))
  );
}
