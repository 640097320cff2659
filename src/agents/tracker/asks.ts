import { isRequest, type WaitingReason } from '../../model/agent.js';
import { type Assertion, isTrouble, isWork, type Voice } from '../voice.js';
import type { LastStatement } from './session.js';
import type { Situation, Speaking } from './situation.js';

/** What an agent waits for other than the next prompt, from all voices that know of it. */

export type Ask = Exclude<WaitingReason, 'done' | 'input'> | null;
/** A voice that says something, and that counts. */
export type Stating = Speaking & { statement: LastStatement & { says: NonNullable<LastStatement['says']> } };

/** Between two turns, the second of which begins by itself, an agent says for so long that it is idle. */
const GOES_ON_MS = 600;
/** An agent says so when it begins to try again, and often not when it got through. */
const RETRY_SHOWN_MS = 10_000;

export function speaks(one: Speaking): one is Stating {
  return one.statement !== null && one.statement.says !== null && one.void === null;
}

/** What it asks for or lacks, as exactly as any voice knows it. */
export function askOf(one: Stating, situation: Situation): Ask {
  const { refined_by } = one.voice;
  const own = ownAsk(one, situation);
  const finer = situation.speaking.find(({ voice }) => voice.name === refined_by?.by);
  const refined = finer !== undefined && speaks(finer) ? ownAsk(finer, situation) : null;
  if (own === null || own === 'error') {
    if (isWork(one.statement.says)) return own;
    const asks = refined_by?.what === 'idle' ? refined : null;
    return asks ?? troubleOf(situation) ?? own;
  }
  if (refined_by?.what !== 'asking') return own;
  if (refined === 'question') return refined;
  const { reason, since_ms } = situation.known;
  // Answered, but this voice does not say so yet.
  return reason === 'question' && since_ms >= one.statement.at_ms ? 'question' : own;
}

/** What ended the turn before its time: who says only that it is over says nothing against it. */
function troubleOf({ speaking }: Situation): Ask {
  let trouble: Ask = null;
  for (const one of speaking) {
    if (!speaks(one) || !isTrouble(one.statement.says)) continue;
    if (one.statement.says !== 'error') return one.statement.says;
    trouble = 'error';
  }
  return trouble;
}

const ASKS: Partial<Record<Assertion, Ask>> = {
  ...{ approval: 'approval', question: 'question', suspended: 'suspended' },
  ...{ limit: 'limit', auth: 'auth', error: 'error' },
};

/** An open tool call is a request when nothing runs and nothing moves. */
export function ownAsk({ voice, statement }: Stating, { tools_since_ms, terminal }: Situation): Ask {
  const ask = ASKS[statement.says];
  if (ask !== undefined) return ask;
  const { open_call_asks_after_ms: after_ms } = voice;
  if (statement.says !== 'tool' || after_ms === null || tools_since_ms.length > 0) return null;
  return terminal.idle_ms >= after_ms ? 'approval' : null;
}

/** Until when it goes on by itself though its turn is over, as any voice may know; null: it does not. */
export function goesOnUntil({ speaking, now_ms }: Situation): number | null {
  const until_ms = speaking.map(one => (speaks(one) ? (one.statement.goes_on_until_ms ?? 0) : 0));
  const latest_ms = Math.max(...until_ms);
  return latest_ms > now_ms ? latest_ms : null;
}

/** Until when it is known to try its API again; null: it does not. */
export function retryingUntil({ speaking, now_ms }: Situation): number | null {
  const one = speaking.find(other => other.statement?.says === 'retrying');
  if (one?.statement == null || !speaks(one)) return null;
  const until_ms = (one.statement.resets_at_ms ?? one.statement.at_ms) + RETRY_SHOWN_MS;
  return now_ms < until_ms ? until_ms : null;
}

/** Until when the voice that knows what is asked or lacks may not have said so yet; null: it has, or should have. */
export function refinedBy(
  one: Pick<Stating, 'voice' | 'statement'>,
  ask: Ask,
  { speaking, now_ms }: Situation,
): number | null {
  const finer = speaking.find(({ voice }) => voice.name === (one.voice.refined_by?.by ?? 'transcript'));
  if (finer?.statement == null || finer.voice === one.voice || !isLate(one, ask, finer.statement))
    return null;
  const known_ms = one.statement.at_ms + latencyOf(finer.voice, finer.statement);
  return now_ms < known_ms ? known_ms : null;
}

/** An open call asks, or is answered, within the time after which it would count as a request. */
function latencyOf(
  { latency_ms, open_call_asks_after_ms }: Voice,
  { says, goes_on_until_ms }: LastStatement,
): number {
  if (goes_on_until_ms !== null) return GOES_ON_MS;
  return says === 'tool' ? Math.max(latency_ms, open_call_asks_after_ms ?? 0) : latency_ms;
}

/** Whether what the finer voice says is from before this. */
function isLate({ voice }: Pick<Stating, 'voice'>, ask: Ask, finer: LastStatement): boolean {
  if (isRequest(ask)) return voice.refined_by?.what === 'asking' && finer.says === 'working';
  if (ask === 'error') return finer.says !== null && isWork(finer.says);
  if (ask === null && finer.goes_on_until_ms !== null) return true;
  // A turn that had to try again may well have ended in an error; one with an open call is not over.
  return ask === null && (finer.says === 'retrying' || finer.says === 'tool');
}
