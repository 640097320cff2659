import { isInteractive, resetsAt, type Session } from '../../agents/tracker/session.js';
import type { Assertion } from '../../agents/voice.js';
import { isRequest } from '../../model/agent.js';
import { endingFields } from '../../model/state-event.js';
import type { HelperAgent } from '../desktop/protocol.js';

/** What an agent's user's helper is told of it. Pure. */
export function helperAgent(
  session: Session,
  worked_ms: number,
  container: string | null = null,
): HelperAgent {
  const ending = session.ending === null ? null : endingFields(session.ending);
  return {
    pid: session.pid,
    ...(session.id === session.pid ? {} : { id: session.id }),
    kind: session.type.name.slice(0, 64),
    label: session.type.label.slice(0, 64),
    state: session.state,
    reason: session.reason,
    since_ms: session.since_ms,
    interactive: isInteractive(session),
    tty: session.tty?.slice(0, 64) ?? null,
    container: container?.slice(0, 200) ?? null,
    host: session.mode === 'conversation' ? (session.host?.slice(0, 64) ?? null) : null,
    cwd: session.cwd?.slice(0, 4096) ?? null,
    title: session.title?.slice(0, 512) ?? null,
    started_ms: session.started_ms,
    asks: asks(session),
    worked_ms,
    has_worked: session.has_worked,
    has_transcript: session.type.voices.some(({ name }) => name === 'transcript'),
    resets_at_ms: resetsAt(session),
    exit_code: ending?.exit_code ?? null,
    signal: ending?.signal ?? null,
  };
}

/** In these the detail is what the agent may be asking for. */
const OPEN: ReadonlySet<Assertion | null> = new Set<Assertion>(['tool', 'approval', 'question']);

/** `AskUserQuestion: Which one?`: what is asked is enough. */
const TOOL = /^(AskUserQuestion|ask_user\w*|askUser\w*|question)(: |$)/;

/** What a waiting agent asks for, in a few words, where its transcript says so. */
export function asks(session: Session): string | null {
  if (session.state !== 'WAITING' || !isRequest(session.reason)) return null;
  const said = session.signals.statements.get('transcript');
  if (said === undefined || !OPEN.has(said.says)) return null;
  const detail = said.detail?.slice(0, 500) ?? null;
  return session.reason === 'question' ? detail?.replace(TOOL, '') || null : detail;
}
