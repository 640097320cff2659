import type { Evidence, Reason, State } from '../../model/agent.js';
import { ASKS_AFTER_MS, type Claim, disagreementEnds, SETTLED_MS, strongestClaim } from './claim.js';
import { runningTools, type Session, said } from './session.js';
import { idleTime, type Rhythm, silence, unpromptedRun } from './terminal-activity.js';

export interface DecideOptions {
  /** Silence after which an agent counts as waiting when it says nothing itself. */
  wait_threshold_ms: number;
  stall_after_ms: number;
  /** Whether what agents say of themselves (registry, OSC, transcript) is believed. */
  words: boolean;
}

export interface Decision {
  state: State;
  reason: Reason | null;
  evidence: Evidence;
  /** The rule that decided, in words. */
  rule: string;
  /** When this must be looked at again although nothing happened; null: never. */
  until_ms: number | null;
}

/** Claimed to wait, yet drawing unprompted for so long: the claim is stale. */
const DRAWING_REFUTES_MS = 5_000;
/**
 * Claimed to work, yet silent for so long with no tool running: the claim is stale. What it wrote on the
 * terminal could have been overheard; a file is read again and again.
 */
const SILENCE_REFUTES_MS = { osc: 3_000, other: 15_000 };
/** An Enter this long before a claim to work explains it. */
const ENTER_EXPLAINS_MS = 2_000;

/** A rejected request is first written down as answered, and only then as the end of the turn. */
const TRANSCRIPT_SETTLED_MS = 100;
/** What it asks is in the transcript so soon after the session file says that it asks. */
const ASK_KNOWN_MS = 110;
/** A command that ends sooner is not worth a word: agents run many to look around. */
const TOOL_SHOWN_MS = 100;
/**
 * Codex says for a moment that it works while it starts and after a request was rejected. A claim to work
 * that no Enter explains must last.
 */
const BLIP_MS = 150;
/** So long may an agent load before it draws anything; its silence before that is not waiting. */
const LOADING_MS = 15_000;

/** What state a living session is in, from everything on record. Pure; the rhythm must be settled. */
export function decide(session: Session, now_ms: number, options: DecideOptions): Decision {
  if (!session.interactive) {
    const evidence = said('lifecycle', 'a non-interactive run works until it ends', session.started_ms);
    return working(session, now_ms, options, evidence, 'non-interactive runs never wait for a person', null);
  }
  const claim = options.words ? strongestClaim(session, now_ms) : null;
  if (claim !== null) {
    const decision = fromClaim(session, now_ms, options, claim);
    return { ...decision, until_ms: earliest(decision.until_ms, disagreementEnds(session, now_ms)) };
  }
  if (session.signals.reads_lines) return fromBlockedRead(session, now_ms, options);
  return fromRhythm(session, now_ms, options);
}

function fromClaim(session: Session, now_ms: number, options: DecideOptions, claim: Claim): Decision {
  const { rhythm } = session.signals;
  const evidence = said(claim.source, claim.text, claim.at_ms);
  if (claim.working) {
    if (claim.source === 'osc' && session.state !== 'WORKING' && !enterExplains(rhythm, claim)) {
      const blip_ms = claim.at_ms + BLIP_MS;
      if (now_ms < blip_ms) return unchanged(session, blip_ms);
      if (session.kind.alwaysDraws && !goesOn(session, claim, now_ms)) return unchanged(session, null);
    }
    if (
      claim.source === 'transcript' &&
      session.state === 'WAITING' &&
      now_ms < claim.at_ms + TRANSCRIPT_SETTLED_MS
    ) {
      return unchanged(session, claim.at_ms + TRANSCRIPT_SETTLED_MS);
    }
    // Silence from before the claim does not speak against it; the echo of typing does not speak for it.
    const quiet_ms = Math.min(idleTime(rhythm, now_ms), now_ms - claim.at_ms);
    const rule = `the agent's own word (${claim.source}) decides`;
    const asks_ms = mayTurnOutToAsk(session, claim)
      ? now_ms - idleTime(rhythm, now_ms) + ASKS_AFTER_MS
      : null;
    if (!session.kind.alwaysDraws || !drewWhileWatched(session) || runningTools(session).length > 0) {
      return working(session, now_ms, options, evidence, rule, asks_ms);
    }
    const limit_ms = claim.source === 'osc' ? SILENCE_REFUTES_MS.osc : SILENCE_REFUTES_MS.other;
    if (quiet_ms < limit_ms) {
      return working(session, now_ms, options, evidence, rule, asks_ms ?? now_ms - quiet_ms + limit_ms);
    }
    const text = `${claim.text}, but its terminal has been silent for ${limit_ms / 1000} s`;
    const silent = said('rhythm', text, now_ms);
    return waiting(session, null, silent, 'a working agent of this kind never stops drawing', null);
  }
  const known_ms = claim.at_ms + ASK_KNOWN_MS;
  if (
    claim.source === 'registry' &&
    claim.ask !== null &&
    session.signals.transcript?.entry.phase === 'working' &&
    now_ms < known_ms
  ) {
    return unchanged(session, known_ms);
  }
  const settled_ms = claim.at_ms + SETTLED_MS;
  if (claim.ask === null && session.state === 'WORKING' && now_ms < settled_ms)
    return unchanged(session, settled_ms);
  const run_ms = rhythm.keys_seen ? unpromptedRun(rhythm, now_ms) : 0;
  if (
    session.kind.alwaysDraws &&
    run_ms >= DRAWING_REFUTES_MS &&
    (rhythm.run_start_ms ?? 0) > claim.at_ms &&
    rhythm.run_outputs >= run_ms / 500
  ) {
    const text = `${claim.text}, but it has been drawing for ${DRAWING_REFUTES_MS / 1000} s without a key being pressed`;
    return working(
      session,
      now_ms,
      options,
      said('rhythm', text, now_ms),
      'a waiting agent does not keep drawing',
      now_ms + options.wait_threshold_ms,
    );
  }
  return waiting(session, claim.ask, evidence, `the agent's own word (${claim.source}) decides`, null);
}

function enterExplains(rhythm: Rhythm, claim: Claim): boolean {
  return rhythm.last_enter_ms !== null && claim.at_ms - rhythm.last_enter_ms < ENTER_EXPLAINS_MS;
}

/**
 * A working agent's spinner moves on; one frame alone is a blip whose end was not heard. Where the title
 * has none, or is switched off, its drawing must go on.
 */
function goesOn(session: Session, claim: Claim, now_ms: number): boolean {
  const { title, rhythm } = session.signals;
  if (title === null || !session.kind.titleSpins) return unpromptedRun(rhythm, now_ms) >= 2 * BLIP_MS;
  return title.words.state === 'working' && title.last_ms >= claim.at_ms + BLIP_MS / 2;
}

function mayTurnOutToAsk(session: Session, claim: Claim): boolean {
  if (claim.source !== 'transcript' || session.signals.transcript?.entry.phase !== 'tool') return false;
  return session.signals.rhythm.watched_since_ms !== null && runningTools(session).length === 0;
}

function drewWhileWatched(session: Session): boolean {
  const { last_output_ms, watched_since_ms } = session.signals.rhythm;
  return last_output_ms !== null && watched_since_ms !== null;
}

function fromBlockedRead(session: Session, now_ms: number, options: DecideOptions): Decision {
  const since_ms = session.signals.blocked_since_ms;
  if (since_ms === null) {
    const evidence = said('blocked_read', 'it is not reading from its terminal', now_ms);
    return working(
      session,
      now_ms,
      options,
      evidence,
      'a program that reads line by line works when it does not read',
      null,
    );
  }
  const ripe_ms = since_ms + options.wait_threshold_ms;
  if (now_ms < ripe_ms) return unchanged(session, ripe_ms);
  const evidence = said('blocked_read', 'it is blocked in read() on its terminal', since_ms);
  return waiting(session, null, evidence, `blocked in read() for ${options.wait_threshold_ms} ms`, null);
}

function fromRhythm(session: Session, now_ms: number, options: DecideOptions): Decision {
  const { rhythm } = session.signals;
  if (rhythm.watched_since_ms === null) return unchanged(session, null);
  const silent_ms = silence(rhythm, now_ms);
  const loads_ms =
    rhythm.last_output_ms === null && session.seen_starting ? session.started_ms + LOADING_MS : 0;
  const ripe_ms = Math.max(now_ms - idleTime(rhythm, now_ms) + options.wait_threshold_ms, loads_ms);
  const believed = rhythm.keys_seen || !(options.words && session.kind.keepsTranscript);
  if (rhythm.working && believed) {
    const evidence = said(
      'rhythm',
      'it keeps drawing although no key is pressed',
      rhythm.run_start_ms ?? now_ms,
    );
    return working(session, now_ms, options, evidence, 'unprompted output is work', ripe_ms);
  }
  if (now_ms < ripe_ms) return unchanged(session, ripe_ms);
  const [tool] = runningTools(session);
  if (tool !== undefined && !session.kind.alwaysDraws && session.has_worked) {
    // Agents also ask git and others about their surroundings, in a moment and at any time.
    const shown_ms = tool.since_ms + TOOL_SHOWN_MS;
    if (session.state !== 'WORKING' && now_ms < shown_ms) return unchanged(session, shown_ms);
    const evidence = said('children', `its tool runs: ${tool.command}`, tool.since_ms);
    return working(session, now_ms, options, evidence, 'a silent agent whose tool runs is working', null);
  }
  const evidence = said(
    'rhythm',
    `its terminal has been silent for ${options.wait_threshold_ms} ms`,
    now_ms - silent_ms,
  );
  return waiting(session, null, evidence, 'silence is waiting', null);
}

function working(
  session: Session,
  now_ms: number,
  options: DecideOptions,
  evidence: Evidence,
  rule: string,
  until_ms: number | null,
): Decision {
  const stalls_ms = session.signals.progress_ms + options.stall_after_ms;
  const tools = runningTools(session);
  const shown_ms = Math.min(...tools.map(tool => tool.since_ms)) + TOOL_SHOWN_MS;
  if (now_ms >= shown_ms) return { state: 'WORKING', reason: 'tool', evidence, rule, until_ms };
  const soon_ms = tools.length > 0 ? shown_ms : null;
  if (now_ms >= stalls_ms)
    return { state: 'WORKING', reason: 'stalled', evidence, rule, until_ms: earliest(until_ms, soon_ms) };
  return {
    state: 'WORKING',
    reason: 'thinking',
    evidence,
    rule,
    until_ms: earliest(until_ms, soon_ms, stalls_ms),
  };
}

function waiting(
  session: Session,
  ask: 'approval' | 'question' | null,
  evidence: Evidence,
  rule: string,
  until_ms: number | null,
): Decision {
  return {
    state: 'WAITING',
    reason: ask ?? (session.has_worked ? 'done' : 'input'),
    evidence,
    rule,
    until_ms,
  };
}

function unchanged(session: Session, until_ms: number | null): Decision {
  const rule =
    session.state === 'UNKNOWN' ? 'nothing has told its state yet' : 'nothing has changed its state yet';
  return { state: session.state, reason: session.reason, evidence: session.evidence, rule, until_ms };
}

function earliest(...times: (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
}
