import { basename } from 'node:path';
import type { AgentReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { type BadgeSource, badgeSource } from '../../model/badge-source.js';
import { attention } from './order.js';

interface EwwSession {
  id: number;
  state: 'working' | 'stopped' | 'idle';
  source: BadgeSource;
  project: string;
  needs_attention: boolean;
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
    source: badgeSource(agent.agent),
    project: agent.cwd === null ? '' : printable(basename(agent.cwd) || '/', 100),
    needs_attention: level > 1,
    count: Math.min(9999, Math.max(1, agent.unseen)),
  };
}
