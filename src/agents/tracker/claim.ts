import type { EvidenceSource } from '../../model/agent.js';
import { runningTools, type Session } from './session.js';
import { idleTime } from './terminal-activity.js';

/** What an agent says of itself, from the strongest source that speaks. */
export interface Claim {
  working: boolean;
  /** What it asks for; null while it works, and when it has merely finished. */
  ask: 'approval' | 'question' | null;
  source: EvidenceSource;
  text: string;
  at_ms: number;
}

/** The transcript cannot tell a running tool from a request for permission; this long without work can. */
export const ASKS_AFTER_MS = 600;
/** With a prompt queued, an agent is idle for 10 ms between two turns: that is one stretch of work. */
export const SETTLED_MS = 40;
/** A terminal that says idle while the file says busy is right when the file stays so for this long. */
const FILE_IS_LATE_MS = 300;

type Spoken = NonNullable<Session['signals']['osc']>;

export function strongestClaim(session: Session, now_ms: number): Claim | null {
  const { registry, osc, title, transcript } = session.signals;
  const shown = newest(osc, title);
  if (registry?.entry.status) {
    const written = fromRegistry(session, registry);
    return shown !== null && overtakes(shown, written, now_ms)
      ? fromTerminal(session, shown, now_ms)
      : written;
  }
  if (shown !== null) return fromTerminal(session, shown, now_ms);
  return transcript === null ? null : fromTranscript(session, transcript, now_ms);
}

/** Status and title say the same thing twice; one that was not heard is made good by the other. */
function newest(osc: Spoken | null, title: Spoken | null): Spoken | null {
  if (osc === null || title === null) return osc ?? title;
  const agree = isWorking(osc) === isWorking(title);
  return agree || osc.at_ms >= title.at_ms ? osc : title;
}

function isWorking(spoken: Spoken): boolean {
  return spoken.words.state === 'working';
}

/** The spinner in the title is seen some 20 to 50 ms before the file says the same. */
function overtakes(shown: Spoken, written: Claim, now_ms: number): boolean {
  if (isWorking(shown) === written.working || shown.at_ms <= written.at_ms) return false;
  return isWorking(shown) || now_ms - shown.at_ms >= FILE_IS_LATE_MS;
}

function fromRegistry(session: Session, registry: NonNullable<Session['signals']['registry']>): Claim {
  const { status, waiting_for } = registry.entry;
  const text = `its session file says ${status}${waiting_for ? `: ${waiting_for}` : ''}`;
  if (status === 'busy') return { working: true, ask: null, source: 'registry', text, at_ms: registry.at_ms };
  if (status === 'waiting') {
    const ask = registryAsk(session, waiting_for, registry.at_ms);
    return { working: false, ask, source: 'registry', text, at_ms: registry.at_ms };
  }
  return {
    working: false,
    ask: null,
    source: 'registry',
    text,
    at_ms: quietSince(registry, session.signals.title),
  };
}

/** When the turn was first said to be over: the spinner stops before the file says idle. */
function quietSince(registry: { at_ms: number }, title: Spoken | null): number {
  const early = title !== null && title.words.state === 'idle' && title.at_ms < registry.at_ms;
  return early && registry.at_ms - title.at_ms < SETTLED_MS ? title.at_ms : registry.at_ms;
}

/** The file says `permission prompt` for questions too; the transcript knows which tool it is. */
function registryAsk(session: Session, waiting_for: string | null, at_ms: number): 'approval' | 'question' {
  if (session.signals.transcript?.entry.phase === 'question') return 'question';
  // Answered, but the file does not say so yet.
  if (session.reason === 'question' && session.since_ms >= at_ms) return 'question';
  return /permission|approv/i.test(waiting_for ?? 'permission') ? 'approval' : 'question';
}

function fromTerminal(session: Session, shown: Spoken, now_ms: number): Claim {
  const { state, text } = shown.words;
  const base = { source: 'osc', text, at_ms: shown.at_ms } as const;
  if (state === 'working') return { ...base, working: true, ask: null };
  if (state === 'approval' || state === 'question') return { ...base, working: false, ask: state };
  // A title only says that it does not work.
  const ask = shown === session.signals.title ? pendingAsk(session, now_ms) : null;
  return { ...base, working: false, ask };
}

function fromTranscript(
  session: Session,
  transcript: NonNullable<Session['signals']['transcript']>,
  now_ms: number,
): Claim {
  const { phase, detail } = transcript.entry;
  const ask = pendingAsk(session, now_ms);
  const text = `its transcript says ${phase.replace('_', ' ')}${detail ? ` (${detail})` : ''}`;
  return {
    working: phase !== 'turn_over' && ask === null,
    ask,
    source: 'transcript',
    text,
    at_ms: transcript.at_ms,
  };
}

/** What an open tool call in the transcript means: a request, when nothing runs and nothing moves. */
function pendingAsk(session: Session, now_ms: number): 'approval' | 'question' | null {
  const phase = session.signals.transcript?.entry.phase;
  if (phase === 'question' || phase === 'approval') return phase;
  if (phase !== 'tool' || runningTools(session).length > 0) return null;
  return idleTime(session.signals.rhythm, now_ms) >= ASKS_AFTER_MS ? 'approval' : null;
}

/** When a title or file that disagree must be looked at again; null: they agree. */
export function disagreementEnds(session: Session, now_ms: number): number | null {
  const { registry, osc, title } = session.signals;
  const shown = newest(osc, title);
  if (!registry?.entry.status || shown === null) return null;
  const differs = isWorking(shown) !== (registry.entry.status === 'busy') && shown.at_ms > registry.at_ms;
  return differs && now_ms < shown.at_ms + FILE_IS_LATE_MS ? shown.at_ms + FILE_IS_LATE_MS : null;
}
