import type {
  ExecEvent,
  ExitEvent,
  ForkEvent,
  KeyEvent,
  OomEvent,
  OscEvent,
  OutputEvent,
  ResizeEvent,
  RunStateEvent,
} from './kernel-event.js';

/**
 * Everything that the tracker may learn, from the kernel, from /proc and from the agents' own files.
 * A recording is a file of these, one JSON object a line; replaying it gives the same transitions.
 * Times are milliseconds since the epoch; all strings are hostile.
 */

/** What /proc says of one process, read when it may matter. */
export interface ProcessFacts {
  pid: number;
  ppid: number;
  uid: number;
  /** Name of the group leader, field 2 of /proc/PID/stat. */
  comm: string;
  /** Target of /proc/PID/exe, without ` (deleted)`; null where it may not be read. */
  exe: string | null;
  argv: string[];
  /** Forked and has not yet replaced its image: name and arguments are its parent's. */
  is_copy: boolean;
  cwd: string | null;
  /** Controlling terminal below /dev, e.g. `pts/3`. */
  tty: string | null;
  /** File descriptors 0 and 1 are terminals; null where they may not be read. */
  stdin_tty: boolean | null;
  stdout_tty: boolean | null;
  /** Field 22 of /proc/PID/stat: with the pid, the identity of a process until the next boot. */
  start_ticks: number;
  started_ms: number;
  /** Its process group; absent in old recordings. */
  group?: number;
  /** The `#!` file that it was started as, where that was seen. */
  script?: string;
  /** Of a conversation: the program in which its person sits, e.g. `code`; absent or null: not known. */
  host?: string | null;
}

export interface ProcessObservation {
  type: 'process';
  time_ms: number;
  process: ProcessFacts;
  /** `exec`: it happened just now. `scan`: it was found running. */
  how: 'exec' | 'scan';
}

/** It is no longer in /proc, and no exit event came: how it ended is not known. */
export interface GoneObservation {
  type: 'gone';
  time_ms: number;
  pid: number;
}

/** The agent's session file, e.g. Claude Code's `~/.claude/sessions/<pid>.json`; null: file removed. */
export interface RegistryObservation {
  type: 'registry';
  time_ms: number;
  pid: number;
  entry: RegistryEntry | null;
}

export interface RegistryEntry {
  /** `shell`: idle, but a shell of it still runs. */
  status: 'busy' | 'waiting' | 'idle' | 'shell' | null;
  /** e.g. `permission prompt` */
  waiting_for: string | null;
  /** Must equal the process's start_ticks; null when the file does not say. */
  start_ticks: number | null;
  session_id: string | null;
  cwd: string | null;
  updated_ms: number | null;
}

/** The newest state of a conversation's log; null: it is not there any more. */
export interface TranscriptObservation {
  type: 'transcript';
  time_ms: number;
  pid: number;
  entry: TranscriptEntry | null;
  /** Which one, of a process that holds several; absent: the process holds one. */
  conversation?: ConversationRef;
}

/** A conversation in a process that may hold several. */
export interface ConversationRef {
  /** By which its agent names it. */
  id: string;
  cwd: string | null;
}

export const TRANSCRIPT_PHASES = [
  ...(['working', 'tool', 'retrying'] as const),
  ...(['approval', 'question', 'turn_over', 'limit', 'auth', 'error'] as const),
] as const;
export type TranscriptPhase = (typeof TRANSCRIPT_PHASES)[number];

export interface TranscriptEntry {
  /**
   * `working`: a turn runs. `tool`: the model called a tool whose result is not there yet (it runs, or
   * asks for permission). `approval`: it says that it asks. `question`: that tool is a question to the
   * person. `turn_over`: the turn ended. `retrying`: the API refuses for now, and it tries again. The turn ended because
   * the quota is used up (`limit`), the login is not valid (`auth`), or the API failed (`error`).
   */
  phase: TranscriptPhase;
  /** In a few words, e.g. `Bash: npm test`. */
  detail: string | null;
  session_id: string | null;
  /** When the log's last entry says it was written. */
  at_ms: number;
  /**
   * `limit`: when the quota is there again. `retrying`: when it tries again. ms since the epoch; null where the agent does
   * not say.
   */
  resets_at_ms?: number | null;
  /** It goes on by itself when this turn is over: a prompt is queued, or a sub-agent runs on. */
  goes_on?: boolean;
}

/** A watched process sits in read() on its terminal (`blocked`), or no longer does. */
export interface BlockedReadObservation {
  type: 'blocked_read';
  time_ms: number;
  pid: number;
  blocked: boolean;
}

/** What can be believed about terminals from now on. */
export interface SensorObservation {
  type: 'sensor';
  time_ms: number;
  /** Writes and keys of watched terminals arrive. Silence means silence only while this is so. */
  terminal: boolean;
  /** Keys are seen as well; without them, typing looks like work. */
  keys: boolean;
  /** Exits arrive with their code. */
  lifecycle: boolean;
  /** The machine slept for so long from this moment on: nothing moved, and nothing stood still. */
  slept_ms?: number;
}

/** Time passed; nothing else happened. */
export interface ClockObservation {
  type: 'clock';
  time_ms: number;
}

export type Observation =
  | ProcessObservation
  | ForkEvent
  | ExecEvent
  | ExitEvent
  | GoneObservation
  | OomEvent
  | KeyEvent
  | OutputEvent
  | OscEvent
  | ResizeEvent
  | RunStateEvent
  | RegistryObservation
  | TranscriptObservation
  | BlockedReadObservation
  | SensorObservation
  | ClockObservation;
