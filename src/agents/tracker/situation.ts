import { PROCESS, RUN_STATE } from '../standard-voices.js';
import { type Assertion, isWork, type Voice, type VoiceName } from '../voice.js';
import { isWatched, type LastStatement, ownVoices, runningTools, type Session } from './session.js';
import { STOPPED } from './signals.js';
import { drawsThroughWork, idleTime, silence, unpromptedRun } from './terminal-activity.js';

export interface ResolveOptions {
  /** Silence after which an agent counts as waiting when it says nothing itself. */
  wait_threshold_ms: number;
  stall_after_ms: number;
  /** Whether what agents say of themselves (registry, OSC, transcript) is believed. */
  self_reported: boolean;
}

/** What one voice says at this moment. */
export interface Speaking {
  voice: Voice;
  /** Null: nothing. */
  statement: LastStatement | null;
  /** Why its statement counts for nothing, in words; null: it counts. */
  void: string | null;
  /** Seen from outside it is clear only from then on, and is looked at again then; null: at once. */
  clear_ms: number | null;
  /** When it is to be looked at again although nothing happens; null: never. */
  until_ms: number | null;
}

/** All that a state is resolved from: plain values of one moment. */
export interface Situation {
  now_ms: number;
  /** Strongest first. */
  speaking: readonly Speaking[];
  known: Pick<Session, 'state' | 'reason' | 'since_ms' | 'evidence' | 'has_worked'>;
  /** What the terminal shows. Times are 0 where that cannot be known. */
  terminal: {
    /** While the agent works it draws all the time. */
    draws_steadily: boolean;
    /** Writes to it are seen, and keys. */
    watched: boolean;
    watched_since_ms: number;
    keys_seen: boolean;
    /** It has been seen to draw all through its work. */
    draws_through: boolean;
    idle_ms: number;
    silent_ms: number;
    /** For how long it has been drawing although nobody touched anything, since when, in how many pieces. */
    run_ms: number;
    run_since_ms: number;
    run_outputs: number;
    last_enter_ms: number | null;
  };
  /** Since when the tools of this turn have run. */
  tools_since_ms: readonly number[];
  progress_ms: number;
  options: ResolveOptions;
}

/** What is known of a living session at a moment. Its activity must be settled. */
export function situationOf(session: Session, now_ms: number, options: ResolveOptions): Situation {
  const { progress_ms } = session.signals;
  return {
    now_ms,
    speaking: voicesOf(session).map(voice => speaking(session, voice, now_ms, options)),
    known: knownOf(session),
    terminal:
      session.mode === 'conversation' && !isWatched(session)
        ? noTerminal(session, now_ms)
        : terminalOf(session, now_ms),
    tools_since_ms: runningTools(session).map(tool => tool.since_ms),
    progress_ms,
    options,
  };
}

/** That no voice of a conversation speaks tells something too, but less than any word of it: there `process` comes last. */
function voicesOf({ mode, type }: Session): readonly Voice[] {
  const own = ownVoices({ mode, type });
  const lists = mode === 'conversation' ? inConversations : elsewhere;
  const known = lists.get(own);
  if (known !== undefined) return known;
  const all = mode === 'conversation' ? [RUN_STATE, ...own, PROCESS] : [RUN_STATE, PROCESS, ...own];
  lists.set(own, all);
  return all;
}
const elsewhere = new WeakMap<readonly Voice[], readonly Voice[]>();
const inConversations = new WeakMap<readonly Voice[], readonly Voice[]>();

/** Of one that was stopped and goes on: what it was before. */
function knownOf(session: Session): Situation['known'] {
  if (session.reason !== 'suspended' || session.signals.stopped_since_ms !== null) return session;
  return { ...session, ...session.before_stop };
}

function terminalOf(session: Session, now_ms: number): Situation['terminal'] {
  const { activity } = session.signals;
  const { watched_since_ms, last_enter_ms, run_outputs, run_start_ms } = activity;
  return {
    draws_steadily: drawsSteadily(session),
    watched: watched_since_ms !== null,
    watched_since_ms: watched_since_ms ?? 0,
    keys_seen: activity.keys_seen,
    draws_through: drawsThroughWork(activity),
    idle_ms: idleTime(activity, now_ms),
    silent_ms: silence(activity, now_ms),
    run_ms: unpromptedRun(activity, now_ms),
    run_since_ms: run_start_ms ?? 0,
    run_outputs,
    last_enter_ms,
  };
}

/** Allowed by its person, a call runs a child or ends within this, also on a busy machine. */
const CALL_RUNS_WITHIN_MS = 1_400;

/**
 * Of a conversation there is no terminal to watch. What stands still in it is an open call that would run a child, or have
 * ended, if it had been allowed.
 */
function noTerminal(
  { type, signals: { statements, progress_ms } }: Session,
  now_ms: number,
): Situation['terminal'] {
  const { says = null, detail = null } = statements.get('transcript') ?? {};
  const stands = says === 'tool' && (type.waitsForLeave?.(detail) ?? false);
  return {
    ...{
      draws_steadily: false,
      watched: stands,
      watched_since_ms: 0,
      keys_seen: false,
      draws_through: false,
    },
    idle_ms: stands ? Math.max(0, now_ms - progress_ms - CALL_RUNS_WITHIN_MS) : 0,
    ...{ silent_ms: 0, run_ms: 0, run_since_ms: 0, run_outputs: 0, last_enter_ms: null },
  };
}

function drawsSteadily({ type }: Session): boolean {
  return type.voices.some(voice => voice.name === 'activity' && voice.goes_on);
}

const SILENT = { statement: null, void: null, clear_ms: null, until_ms: null } as const;

function speaking(session: Session, voice: Voice, now_ms: number, options: ResolveOptions): Speaking {
  const observe = SEEN[voice.name];
  if (observe !== undefined) return { voice, ...SILENT, ...observe(session, now_ms, options) };
  const statement = session.signals.statements.get(voice.name) ?? null;
  if (statement === null) return { voice, ...SILENT };
  const { removed_after_ms } = voice.void_when;
  const ends_ms =
    removed_after_ms === null || statement.removed_ms === null
      ? null
      : statement.removed_ms + removed_after_ms;
  return {
    voice,
    ...SILENT,
    statement,
    void: voidness(session, voice, statement, ends_ms, now_ms, options),
    until_ms: ends_ms,
  };
}

function voidness(
  session: Session,
  voice: Voice,
  statement: LastStatement,
  ends_ms: number | null,
  now_ms: number,
  options: ResolveOptions,
): string | null {
  if (voice.self_reported && !options.self_reported) return 'evidence.self_reported is off';
  if (statement.says === null) return 'it says nothing that is known';
  if (voice.void_when.never_worked && !statement.worked && isRest(statement.says) && mayHaveWorked(session))
    return 'it has never shown work: then showing none says nothing';
  return ends_ms !== null && now_ms >= ends_ms ? 'what it spoke from is gone' : null;
}

function mayHaveWorked({ has_worked, seen_starting, signals }: Session): boolean {
  return has_worked || !seen_starting || signals.activity.last_enter_ms !== null;
}

function isRest(says: Assertion): boolean {
  return says === 'idle' || says === 'done';
}

type Seen = Partial<Omit<Speaking, 'voice'>>;
type Observe = (session: Session, now_ms: number, options: ResolveOptions) => Seen;

/** The voices that are not words of the agent, but what is seen of it. */
const SEEN: Partial<Record<VoiceName, Observe>> = {
  run_state: ({ signals: { stopped_since_ms } }) =>
    stopped_since_ms === null ? {} : { statement: word('suspended', STOPPED, stopped_since_ms) },

  process: session => {
    const { mode, started_ms, state, since_ms } = session;
    if (mode === 'terminal') return {};
    if (mode === 'batch')
      return { statement: word('working', 'a non-interactive run works until it ends', started_ms) };
    const [tool] = runningTools(session);
    if (tool !== undefined)
      return { statement: word('working', `its tool runs: ${tool.command}`, tool.since_ms) };
    return {
      statement: word('idle', 'nothing of its conversation says that it works', started_ms),
      clear_ms: (state === 'UNKNOWN' ? since_ms : started_ms) + FIRST_WORD_MS,
    };
  },

  blocked_read: ({ signals: { reads_lines, blocked_since_ms } }, now_ms, { wait_threshold_ms }) => {
    if (!reads_lines) return {};
    if (blocked_since_ms === null)
      return { statement: word('working', 'it is not reading from its terminal', now_ms) };
    return {
      statement: word('idle', 'it is blocked in read() on its terminal', blocked_since_ms),
      clear_ms: blocked_since_ms + wait_threshold_ms,
    };
  },

  activity: activityOf,

  children(session, now_ms, options) {
    const [tool] = runningTools(session);
    const { clear_ms = null, statement: drawing } = activityOf(session, now_ms, options);
    // While it draws, or may be about to, its terminal tells more.
    if (tool === undefined || drawing?.says !== 'idle' || (clear_ms ?? now_ms) > now_ms) return {};
    return { statement: word('working', `its tool runs: ${tool.command}`, tool.since_ms) };
  },
};

/** A conversation that was found running has said by then what it said last. */
const FIRST_WORD_MS = 5_000;
/** What it writes to an editor is seldom more than its words: between them it thinks. */
const UNSEEN_WORK_MS = 5_000;
/** So long may an agent load before it draws anything; its silence before that is not waiting. */
const LOADING_MS = 15_000;

/** From its first output to its first word. */
const DIALOG_MS = 4_000;

/** None of its words was heard, and all would have been: its start was seen. */
function hasNotSpoken({ seen_starting, signals, has_worked }: Session, options: ResolveOptions): boolean {
  return seen_starting && !has_worked && options.self_reported && signals.statements.size === 0;
}

function activityOf(session: Session, now_ms: number, options: ResolveOptions): Seen {
  const { signals, seen_starting, started_ms } = session;
  const { activity } = signals;
  const voice = session.type.voices.find(({ name }) => name === 'activity');
  if (activity.watched_since_ms === null || voice === undefined || !isWatched(session)) return {};
  const own_ms = voice.silence?.after_ms ?? options.wait_threshold_ms;
  const wait_threshold_ms = session.mode === 'conversation' ? Math.max(own_ms, UNSEEN_WORK_MS) : own_ms;
  const loaded_ms = activity.last_output_ms === null && seen_starting ? started_ms + LOADING_MS : 0;
  const clear_ms = Math.max(now_ms - idleTime(activity, now_ms) + wait_threshold_ms, loaded_ms);
  if (activity.working && !isTyping(session, options, voice)) {
    const text = 'it keeps drawing although no key is pressed';
    return { statement: word('working', text, activity.run_start_ms ?? now_ms), until_ms: clear_ms };
  }
  if (voice.silence === null) return {};
  const dialog = voice.silence.unspoken;
  if (dialog !== null && hasNotSpoken(session, options)) {
    const text = 'its terminal has been silent since it started, and it has not said yet that it takes input';
    return {
      statement: word(dialog, text, now_ms - silence(activity, now_ms)),
      clear_ms: clear_ms + DIALOG_MS,
    };
  }
  const text = `its terminal has been silent for ${wait_threshold_ms} ms`;
  return { statement: word('idle', text, now_ms - silence(activity, now_ms)), clear_ms };
}

/** Whether what is drawn may answer keys that nobody saw. A transcript will tell. */
function isTyping({ signals, type }: Session, options: ResolveOptions, voice: Voice): boolean {
  if (signals.activity.keys_seen || !voice.void_when.without_keys || !options.self_reported) return false;
  return type.voices.some(({ name }) => name === 'transcript');
}

function word(says: Assertion, text: string, at_ms: number): LastStatement {
  const worked = isWork(says);
  return {
    says,
    text,
    at_ms,
    last_ms: at_ms,
    removed_ms: null,
    detail: null,
    worked,
    resets_at_ms: null,
    goes_on_until_ms: null,
  };
}
