import type { WaitingReason } from '../../model/agent.js';
import { isWork } from '../voice.js';
import type { LastStatement } from './session.js';
import type { Situation, Speaking } from './situation.js';

/** What an agent asks its person for, from all voices that know of it. */

export type Ask = Extract<WaitingReason, 'approval' | 'question'> | null;
/** A voice that says something, and that counts. */
export type Stating = Speaking & { statement: LastStatement & { says: NonNullable<LastStatement['says']> } };

export function speaks(one: Speaking): one is Stating {
  return one.statement !== null && one.statement.says !== null && one.void === null;
}

/** What it asks for, as exactly as any voice knows it. */
export function askOf(one: Stating, situation: Situation): Ask {
  const { refined_by } = one.voice;
  const own = ownAsk(one, situation);
  const finer = situation.speaking.find(({ voice }) => voice.name === refined_by?.by);
  const refined = finer !== undefined && speaks(finer) ? ownAsk(finer, situation) : null;
  if (refined_by?.what === 'idle' && !isWork(one.statement.says)) return own ?? refined;
  if (refined_by?.what !== 'asking' || own === null) return own;
  if (refined === 'question') return refined;
  const { reason, since_ms } = situation.known;
  // Answered, but this voice does not say so yet.
  return reason === 'question' && since_ms >= one.statement.at_ms ? 'question' : own;
}

/** An open tool call is a request when nothing runs and nothing moves. */
export function ownAsk({ voice, statement }: Stating, { tools_since_ms, terminal }: Situation): Ask {
  if (statement.says === 'approval' || statement.says === 'question') return statement.says;
  const { open_call_asks_after_ms: after_ms } = voice;
  if (statement.says !== 'tool' || after_ms === null || tools_since_ms.length > 0) return null;
  return terminal.idle_ms >= after_ms ? 'approval' : null;
}

/** Until when the voice that knows what is asked may not have said so yet; null: it has, or should have. */
export function refinedBy(
  { voice, statement }: Pick<Stating, 'voice' | 'statement'>,
  situation: Situation,
): number | null {
  const { speaking, now_ms } = situation;
  const finer = speaking.find(other => other.voice.name === voice.refined_by?.by);
  if (voice.refined_by?.what !== 'asking' || finer?.statement?.says !== 'working') return null;
  const known_ms = statement.at_ms + finer.voice.latency_ms;
  return now_ms < known_ms ? known_ms : null;
}
