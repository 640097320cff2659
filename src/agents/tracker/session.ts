import { printable } from '../../lib/text/printable.js';
import type { Ending, Evidence, EvidenceSource, Mode, Reason, State } from '../../model/agent.js';
import type { ProcessFacts } from '../../model/observation.js';
import type { AgentType } from '../agent-type.js';
import type { Assertion, Voice, VoiceName } from '../voice.js';
import { newActivity, type TerminalActivity } from './terminal-activity.js';

/** What one process is within its session. */
export type Role = 'main' | 'wrapper' | 'helper' | 'tool' | 'child' | 'descendant';

export interface Member {
  pid: number;
  role: Role;
  command: string;
  /** Null: it was seen to be made, and not looked at since. */
  start_ticks: number | null;
  since_ms: number;
  /** A tool that was still running when the turn ended. */
  background: boolean;
  /** The conversation that it works for, where its process holds several; absent: for any, or the only one. */
  serves?: Session;
}

/** The latest thing that a voice said of the agent. */
export interface LastStatement {
  /** Null: nothing that is known. */
  says: Assertion | null;
  text: string;
  /** Since when it says so, and when it last said the same, e.g. the latest frame of a spinner. */
  at_ms: number;
  last_ms: number;
  /** What it spoke from is gone since. */
  removed_ms: number | null;
  /** What it asks for or is at, e.g. `Bash: npm test`. */
  detail: string | null;
  /** It has said once that it works. */
  worked: boolean;
  /** `limit`: when the quota is there again. `retrying`: when it tries again. Null: it does not say. */
  resets_at_ms: number | null;
  /** Until when the agent is known to go on by itself, though this turn is over; null: it does not. */
  goes_on_until_ms: number | null;
}

/** What is known of a session that can tell its state. */
export interface Signals {
  statements: Map<VoiceName, LastStatement>;
  activity: TerminalActivity;
  blocked_since_ms: number | null;
  /** It reads line by line: blocked reads tell its state, silence does not. */
  reads_lines: boolean;
  oom_ms: number | null;
  /** Since when its process has been stopped by a signal; null: it is not. */
  stopped_since_ms: number | null;
  /** When the model or its tools last did something that can be told from a mere spinner. */
  progress_ms: number;
}

export interface Session {
  /** Names it among all: its pid; of a further conversation in one process a number that is no pid. */
  id: number;
  type: AgentType;
  pid: number;
  start_ticks: number;
  started_ms: number;
  mode: Mode;
  /** Of a conversation: the program in which its person sits. */
  host: string | null;
  /** It holds no conversation, or none any more, and is not shown. */
  dormant: boolean;
  /** By which its agent's files name the conversation that it is; null: of a process that holds one at most. */
  conversation: string | null;
  /** The session that stands for the process; null: this one. */
  server: Session | null;
  /** Of that session: the other conversations in its process. */
  further: Set<Session>;
  /** Its exec was seen; else it was found running. */
  seen_starting: boolean;
  uid: number;
  tty: string | null;
  /** Its process group: containers have terminals of the same name. Null: not known. */
  group: number | null;
  cwd: string | null;
  /** Where the process itself is: a conversation of several has a folder of its own. */
  process_cwd: string | null;
  command: string;
  title: string | null;
  session_id: string | null;
  members: Map<number, Member>;
  state: State;
  reason: Reason | null;
  since_ms: number;
  evidence: Evidence;
  ending: Ending | null;
  /** It has worked at least once: then waiting means `done`, not `input`. */
  has_worked: boolean;
  /** What it was when it was stopped, and is again when it goes on. */
  before_stop: Pick<Session, 'state' | 'reason'>;
  signals: Signals;
  /** Newest last, bounded. */
  evidence_log: Evidence[];
}

const MAX_EVIDENCE = 40;
/** Longest piece of evidence, in characters. */
const MAX_TEXT = 300;
/** A spinner in the title must not push everything else off the record. */
const RECENT = 4;

export function newSession(type: AgentType, process: ProcessFacts, mode: Mode, first: Evidence): Session {
  const seen_starting = first.source === 'lifecycle';
  return {
    id: process.pid,
    type,
    pid: process.pid,
    start_ticks: process.start_ticks,
    started_ms: process.started_ms,
    mode,
    host: process.host ?? null,
    dormant: false,
    conversation: null,
    server: null,
    further: new Set(),
    seen_starting,
    uid: process.uid,
    tty: process.tty,
    group: process.group ?? null,
    cwd: process.cwd,
    process_cwd: process.cwd,
    command: process.argv.join(' '),
    title: null,
    session_id: null,
    members: new Map(),
    state: 'UNKNOWN',
    reason: null,
    since_ms: first.time_ms,
    evidence: first,
    ending: null,
    has_worked: false,
    before_stop: { state: 'UNKNOWN', reason: null },
    signals: {
      statements: new Map(),
      activity: newActivity(process.started_ms, seen_starting && mode === 'terminal'),
      blocked_since_ms: null,
      reads_lines: false,
      oom_ms: null,
      stopped_since_ms: null,
      progress_ms: first.time_ms,
    },
    evidence_log: [first],
  };
}

/**
 * When it writes is watched: of one on a terminal there; of a conversation whose agent's files do not always tell its state,
 * what it writes to anybody. Of a conversation among others its own log alone tells: what the process writes may be theirs.
 */
export function isWatched({
  mode,
  type,
  conversation,
}: Pick<Session, 'mode' | 'type' | 'conversation'>): boolean {
  if (mode !== 'conversation') return mode === 'terminal';
  return conversation === null && (type.files === undefined || type.files.only_conversations === true);
}

/** What can tell its state, the strongest first, as its type has it. */
export function ownVoices({ mode, type }: Pick<Session, 'mode' | 'type'>): readonly Voice[] {
  return mode === 'conversation' ? (type.voices_in_conversations ?? type.voices) : type.voices;
}

/** A person answers it, at its terminal or elsewhere. */
export function isInteractive({ mode }: Pick<Session, 'mode'>): boolean {
  return mode !== 'batch';
}

/** One thing to go on record. The words can hold names that other processes chose. */
export function evidence(source: EvidenceSource, text: string, time_ms: number): Evidence {
  return { source, text: printable(text, MAX_TEXT), time_ms };
}

/** Keeps evidence for `explain`; the same words again only move the time. */
export function addEvidence(session: Session, added: Evidence): void {
  const same = session.evidence_log.findLastIndex(
    ({ source, text }) => source === added.source && text === added.text,
  );
  if (same >= session.evidence_log.length - RECENT)
    session.evidence_log.splice(Math.max(same, 0), same < 0 ? 0 : 1);
  session.evidence_log.push(added);
  if (session.evidence_log.length > MAX_EVIDENCE) session.evidence_log.shift();
}

/** When the quota is there again of a session that waits for it, ms since the epoch; null: it does not, or it does not say. */
export function resetsAt({ reason, signals }: Session): number | null {
  if (reason !== 'limit') return null;
  return signals.statements.get('transcript')?.resets_at_ms ?? null;
}

/** Tools of the present turn. */
export function runningTools(session: Session): Member[] {
  return [...session.members.values()].filter(member => isToolOf(session, member) && !member.background);
}

export function backgroundCount(session: Session): number {
  let count = 0;
  for (const member of session.members.values()) if (member.background && isToolOf(session, member)) count++;
  return count;
}

/** The processes of a server are all of its conversations'; what runs in them is one's. */
export function isToolOf(session: Session, { role, serves }: Member): boolean {
  return role === 'tool' && (serves === undefined || serves === session);
}
