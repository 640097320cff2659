import { basename } from 'node:path';
import { printable } from '../../../lib/text/printable.js';
import { concernOf, isRequest } from '../../../model/agent.js';
import { type BadgeSource, badgeSource } from '../../../model/badge-source.js';
import type { HelperAgent } from '../protocol.js';

/** `specs/contracts/badge.schema.json`. */
export interface Badge {
  window_id: number;
  state: 'working' | 'stopped';
  source: BadgeSource;
  timestamp: number;
  project: string;
  count: number;
  needs_attention: boolean;
  session_started: number;
  /** Only for sessions without a window. */
  tty?: string | null;
}

/** One agent of a window, and how often it stopped since its person last looked. */
export interface BadgePart {
  agent: HelperAgent;
  unseen: number;
}

const MAX_COUNT = 9999;
const MAX_PROJECT = 100;

/** The last part of the agent's directory. Hostile: anybody may name a directory. */
export function projectOf(agent: Pick<HelperAgent, 'cwd'>, max = MAX_PROJECT): string {
  return agent.cwd === null ? '' : printable(basename(agent.cwd) || '/', max);
}

/** 3: asks, 2: its turn is over or it is in trouble, 1: works, 0: nothing to say. */
function rank({ agent, unseen }: BadgePart): number {
  if (concernOf(agent.reason) === 'trouble' && unseen > 0) return 2;
  if (agent.state === 'WORKING') return 1;
  if (agent.state !== 'WAITING' || unseen === 0) return 0;
  return isRequest(agent.reason) ? 3 : 2;
}

/** The badge of one window; null: none. The agent that needs its person most speaks for all. */
export function badgeOf(window_id: number, parts: readonly BadgePart[], now_ms: number): Badge | null {
  const speaking = parts
    .filter(part => rank(part) > 0)
    .sort((a, b) => rank(b) - rank(a) || b.agent.since_ms - a.agent.since_ms);
  const first = speaking[0];
  if (first === undefined) return null;
  const count = speaking.reduce((sum, { unseen }) => sum + unseen, 0);
  const stopped = rank(first) > 1;
  return {
    window_id,
    state: stopped ? 'stopped' : 'working',
    source: badgeSource(first.agent.kind),
    timestamp: now_ms / 1000,
    project: projectOf(first.agent),
    count: Math.min(MAX_COUNT, Math.max(1, count)),
    needs_attention: stopped,
    session_started: Math.min(...speaking.map(({ agent }) => agent.started_ms)) / 1000,
  };
}
