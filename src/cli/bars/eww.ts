import { basename } from 'node:path';
import type { AgentReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import type { Reason } from '../../model/agent.js';
import { type BadgeSource, badgeSource } from '../../model/badge-source.js';
import { attention, inTrouble } from './order.js';

interface EwwSession {
  id: number;
  state: 'working' | 'stopped' | 'idle';
  /** As `vigil agents` says it: limit, approval, suspended … */
  reason: Reason | null;
  source: BadgeSource;
  project: string;
  needs_attention: boolean;
  /** It does not go on by itself. */
  trouble: boolean;
  count: number;
}

/** What `deflisten` of eww reads. No daemon: no sessions. */
export function ewwLine(agents: readonly AgentReport[] | null): string {
  const sessions = (agents ?? []).map(session);
  return JSON.stringify({ sessions, has_working: sessions.some(({ state }) => state === 'working') });
}

function session(agent: AgentReport): EwwSession {
  const level = attention(agent);
  return {
    id: agent.pid,
    state: agent.state === 'WORKING' ? 'working' : level > 1 ? 'stopped' : 'idle',
    reason: agent.reason,
    source: badgeSource(agent.agent),
    project: agent.cwd === null ? '' : printable(basename(agent.cwd) || '/', 100),
    needs_attention: level > 1,
    trouble: inTrouble(agent),
    count: Math.min(9999, Math.max(1, agent.unseen)),
  };
}
