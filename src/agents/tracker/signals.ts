import type { RegistryEntry, TranscriptEntry } from '../../model/observation.js';
import { isTitle, type Osc, parseOsc, plainTitle } from './osc.js';
import { remember, type Session, said } from './session.js';
import { rhythmKey } from './terminal-activity.js';

/**
 * What is noted of a session when something about it is heard: signals for `decide`, words for `explain`.
 * What it means is not judged here.
 */

export function hearKey(session: Session, enter: boolean, time_ms: number): void {
  rhythmKey(session.signals.rhythm, time_ms, enter);
  if (!enter) return;
  session.signals.progress_ms = time_ms;
  remember(session, said('rhythm', 'the Enter key was pressed', time_ms));
}

export function hearTool(session: Session, what: 'started' | 'ended', time_ms: number): void {
  session.signals.progress_ms = time_ms;
  remember(session, said('children', `a tool ${what}`, time_ms));
}

export function hearOom(session: Session, victim: number, time_ms: number): void {
  if (session.pid === victim) session.signals.oom_ms = time_ms;
  remember(session, said('lifecycle', `the OOM killer chose process ${victim}`, time_ms));
}

export function hearBlockedRead(session: Session, blocked: boolean, time_ms: number): void {
  session.signals.blocked_since_ms = blocked ? (session.signals.blocked_since_ms ?? time_ms) : null;
  if (blocked) session.signals.reads_lines = true;
  const text = blocked ? 'blocked in read() on its terminal' : 'no longer blocked in read()';
  remember(session, said('blocked_read', text, time_ms));
}

export function hearTranscript(session: Session, entry: TranscriptEntry, time_ms: number): void {
  session.signals.transcript = { entry, at_ms: time_ms };
  session.signals.progress_ms = time_ms;
  session.session_id ??= entry.session_id;
  const detail = entry.detail ? ` (${entry.detail})` : '';
  remember(
    session,
    said('transcript', `its transcript says ${entry.phase.replace('_', ' ')}${detail}`, time_ms),
  );
}

/** False when the file says nothing new, or nothing about this session. */
export function hearRegistry(session: Session, entry: RegistryEntry | null, time_ms: number): boolean {
  const note = (text: string) => remember(session, said('registry', text, time_ms));
  if (entry === null) {
    // It is taken away when the agent is about to end: what it said last holds until then.
    note('its session file is gone');
    return false;
  }
  if (entry.start_ticks !== null && entry.start_ticks !== session.start_ticks) {
    note('ignored: its session file speaks of an earlier process with this pid');
    return false;
  }
  session.session_id = entry.session_id ?? session.session_id;
  const before = session.signals.registry?.entry;
  if (before?.status === entry.status && before?.waiting_for === entry.waiting_for) return false;
  session.signals.registry = { entry, at_ms: time_ms };
  session.signals.progress_ms = time_ms;
  note(
    `its session file says ${entry.status ?? 'nothing'}${entry.waiting_for ? `: ${entry.waiting_for}` : ''}`,
  );
  return true;
}

export function hearOsc(session: Session, text: string, time_ms: number): void {
  for (const osc of parseOsc(text)) {
    if (isTitle(osc)) hearTitle(session, osc, time_ms);
    else hearStatus(session, osc, time_ms);
  }
}

function hearStatus(session: Session, osc: Osc, time_ms: number): void {
  const words = session.kind.readOsc?.(osc.code, osc.payload);
  if (!words) return;
  session.signals.osc = { words, at_ms: time_ms };
  remember(session, said('osc', words.text, time_ms));
}

function hearTitle(session: Session, osc: Osc, time_ms: number): void {
  const { signals } = session;
  session.title = plainTitle(osc.payload) || null;
  const words = session.kind.readTitle?.(osc.payload);
  if (!words) return;
  remember(session, said('osc', words.text, time_ms));
  if (signals.title?.words.state === words.state) {
    signals.title = { ...signals.title, last_ms: time_ms };
    return;
  }
  signals.title = { words, at_ms: time_ms, last_ms: time_ms };
  // The spinner is back: whatever it asked for has been answered, though that was not heard.
  if (words.state === 'working' && signals.osc?.words.state !== 'working') signals.osc = null;
}
