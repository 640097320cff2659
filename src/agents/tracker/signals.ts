import type { RegistryEntry, TranscriptEntry } from '../../model/observation.js';
import { isTitle, type Osc, parseOsc, plainTitle } from '../osc.js';
import { type Assertion, isTrouble, isWork, type VoiceName } from '../voice.js';
import { addEvidence, evidence, type LastStatement, ownVoices, type Session } from './session.js';
import { applyKey } from './terminal-activity.js';

/**
 * What is stored of a session when something about it is observed: the latest of each voice for `resolve`, words for
 * `explain`. What it means is not judged here.
 */

/** What is said of a stopped process. */
export const STOPPED = 'its process is stopped, by a signal or with its control group';

export function observeKey(session: Session, enter: boolean, time_ms: number): void {
  applyKey(session.signals.activity, time_ms, enter);
  if (!enter) return;
  session.signals.progress_ms = time_ms;
  addEvidence(session, evidence('rhythm', 'the Enter key was pressed', time_ms));
}

export function observeTool(session: Session, what: 'started' | 'ended', time_ms: number): void {
  session.signals.progress_ms = time_ms;
  addEvidence(session, evidence('children', `a tool ${what}`, time_ms));
}

export function observeOom(session: Session, victim: number, time_ms: number): void {
  if (session.pid === victim) session.signals.oom_ms = time_ms;
  addEvidence(session, evidence('lifecycle', `the OOM killer chose process ${victim}`, time_ms));
}

/** A stopped process neither works nor waits, and the time that it stood still says nothing of what it does. */
export function observeRunState(session: Session, stopped: boolean, time_ms: number): void {
  const { signals } = session;
  const { stopped_since_ms: since_ms, activity } = signals;
  if (stopped === (since_ms !== null)) return;
  signals.stopped_since_ms = stopped ? time_ms : null;
  if (since_ms === null) session.before_stop = { state: session.state, reason: session.reason };
  else {
    signals.progress_ms += time_ms - since_ms;
    if (activity.watched_since_ms !== null) activity.watched_since_ms = time_ms;
  }
  const text = stopped ? STOPPED : 'its process goes on';
  addEvidence(session, evidence('lifecycle', text, time_ms));
}

export function observeBlockedRead(session: Session, blocked: boolean, time_ms: number): void {
  session.signals.blocked_since_ms = blocked ? (session.signals.blocked_since_ms ?? time_ms) : null;
  if (blocked) session.signals.reads_lines = true;
  const text = blocked ? 'blocked in read() on its terminal' : 'no longer blocked in read()';
  addEvidence(session, evidence('blocked_read', text, time_ms));
}

const PHASES: Record<TranscriptEntry['phase'], Assertion> = {
  working: 'working',
  tool: 'tool',
  approval: 'approval',
  question: 'question',
  turn_over: 'done',
  retrying: 'retrying',
  limit: 'limit',
  auth: 'auth',
  error: 'error',
};

/** Null: it is gone. */
export function observeTranscript(session: Session, entry: TranscriptEntry | null, time_ms: number): void {
  if (entry === null) {
    const said = session.signals.statements.get('transcript');
    if (said !== undefined) said.removed_ms ??= time_ms;
    addEvidence(session, evidence('transcript', 'its transcript is gone', time_ms));
    return;
  }
  session.session_id ??= entry.session_id;
  const detail = entry.detail ? ` (${entry.detail})` : '';
  const text = `its transcript says ${entry.phase.replace('_', ' ')}${detail}`;
  const { resets_at_ms = null, goes_on = false } = entry;
  // What ended the last turn of an earlier run is no news of a conversation that is taken up again.
  const before = entry.at_ms < session.started_ms && !session.has_worked;
  const says = before && isTrouble(PHASES[entry.phase]) ? 'done' : PHASES[entry.phase];
  // A sub-agent ends, and then the agent goes on.
  const goes_on_until_ms = goes_on ? Number.POSITIVE_INFINITY : null;
  const stored = { says, text, detail: entry.detail, resets_at_ms, goes_on_until_ms };
  if (!store(session, 'transcript', stored, time_ms)) return;
  session.signals.progress_ms = time_ms;
  addEvidence(session, evidence('transcript', text, time_ms));
}

/** A command in the background that the agent waits for takes no longer, as a rule: else it is a server, started to stay. */
const SHELL_ENDS_MS = 60_000;

/** False when the file says nothing new, or nothing about this session. */
export function observeRegistry(session: Session, entry: RegistryEntry | null, time_ms: number): boolean {
  const add = (text: string) => addEvidence(session, evidence('registry', text, time_ms));
  const before = session.signals.statements.get('registry');
  if (entry === null) {
    if (before !== undefined) before.removed_ms = time_ms;
    add('its session file is gone');
    return false;
  }
  if (entry.start_ticks !== null && entry.start_ticks !== session.start_ticks) {
    add('ignored: its session file speaks of an earlier process with this pid');
    return false;
  }
  session.session_id = entry.session_id ?? session.session_id;
  const { status, waiting_for } = entry;
  const text = `its session file says ${status ?? 'nothing'}${waiting_for ? `: ${waiting_for}` : ''}`;
  if (before?.text === text) {
    before.removed_ms = null;
    return false;
  }
  const says = session.type.readRegistry?.(entry) ?? null;
  const goes_on_until_ms = status === 'shell' ? time_ms + SHELL_ENDS_MS : null;
  if (!store(session, 'registry', { says, text, goes_on_until_ms }, time_ms)) return false;
  session.signals.progress_ms = time_ms;
  add(text);
  return true;
}

export function observeOsc(session: Session, text: string, time_ms: number): void {
  for (const osc of parseOsc(text)) {
    if (isTitle(osc)) observeTitle(session, osc, time_ms);
    else observeStatus(session, osc, time_ms);
  }
}

function observeStatus(session: Session, osc: Osc, time_ms: number): void {
  const word = session.type.readOsc?.(osc.code, osc.payload);
  if (word && store(session, 'status', word, time_ms))
    addEvidence(session, evidence('osc', word.text, time_ms));
}

function observeTitle(session: Session, { payload }: Osc, time_ms: number): void {
  session.title = (session.type.plainTitle ?? plainTitle)(payload) || null;
  const word = session.type.readTitle?.(payload);
  if (!word) return;
  const before = session.signals.statements.get('title');
  if (before?.says === word.says) before.last_ms = time_ms;
  else if (!store(session, 'title', word, time_ms)) return;
  addEvidence(session, evidence('osc', word.text, time_ms));
}

type Stored = Pick<LastStatement, 'says' | 'text'> &
  Partial<Pick<LastStatement, 'detail' | 'resets_at_ms' | 'goes_on_until_ms'>>;

/** False for what a voice of this agent cannot say. */
function store(
  session: Session,
  name: VoiceName,
  { says, text, detail = null, resets_at_ms = null, goes_on_until_ms = null }: Stored,
  time_ms: number,
): boolean {
  const { statements } = session.signals;
  const voice = ownVoices(session).find(one => one.name === name);
  if (voice === undefined || (says !== null && !voice.asserts.includes(says))) return false;
  const worked = statements.get(name)?.worked === true || (says !== null && isWork(says));
  const at_ms = time_ms;
  statements.set(name, {
    says,
    text,
    at_ms,
    last_ms: at_ms,
    removed_ms: null,
    detail,
    worked,
    resets_at_ms,
    goes_on_until_ms,
  });
  for (const { name: other, void_when } of ownVoices(session)) {
    const { said_since } = void_when;
    if (said_since?.voice === name && said_since.says === says && statements.get(other)?.says !== says)
      statements.delete(other);
  }
  return true;
}
