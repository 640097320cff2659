import type { Mode } from '../model/agent.js';
import type { ProcessFacts, RegistryEntry } from '../model/observation.js';
import type { Identity } from './recognition/identity.js';
import type { AgentFiles } from './transcripts/reader.js';
import type { Assertion, Statement, Voice } from './voice.js';

/**
 * What a process is to its agent.
 * `main` holds the conversation and, in mode `terminal`, the terminal; in mode `batch` it never waits for a person. `wrapper` only starts it. `helper`
 * belongs to the agent but outlives or serves sessions (Codex's app-server).
 */
export type Match = { role: 'wrapper' | 'helper' } | MainMatch;

export interface MainMatch {
  role: 'main';
  mode: Mode;
  /** It holds no conversation until its session file names one: Claude Code keeps such processes in stock. */
  dormant?: true;
}

/** Everything that vigil knows about one kind of agent. One file or folder each, below `types/`. */
export interface AgentType {
  /** As in `vigil agents`: `claude-code`. */
  name: string;
  /** For people: `Claude Code`. */
  label: string;
  /** Null: not this agent (or a part of it that holds no conversation, like `claude mcp serve`). */
  match(process: ProcessFacts, id: Identity): Match | null;
  /** True when a child of the agent is a tool it runs on the model's behalf. Default: any shell with -c. */
  isTool?(argv: readonly string[]): boolean;
  /** What can tell its state, the strongest first. */
  voices: readonly Voice[];
  /** The same where its person sits in another program, if that is different. */
  voices_in_conversations?: readonly Voice[];
  /** Its own files that tell its state, and what reads them: voices `registry`, `transcript`. */
  files?: AgentFiles;
  /**
   * True for a call that runs a child or ends at once, once it is allowed. Of a conversation, where no terminal tells, such
   * a call counts as a request when nothing runs. `detail` as its transcript has it, e.g. `Bash: npm test`; null: it does not say.
   */
  waitsForLeave?(detail: string | null): boolean;
  /** What its session file says: voice `registry`. */
  readRegistry?(entry: RegistryEntry): Assertion | null;
  /** What a window title (OSC 0/2) says: voice `title`. */
  readTitle?(title: string): Statement | null;
  /** The title without what only tells the state; empty when there is nothing else. */
  plainTitle?(title: string): string;
  /** What any other OSC sequence says, e.g. code 7501: voice `status`. */
  readOsc?(code: number, payload: string): Statement | null;
}

/** Helper for types that are one program with a print option: on its terminal, unless one of `oneShot` is given. */
export function simpleMatch(process: ProcessFacts, oneShot: boolean): Match {
  return { role: 'main', mode: !oneShot && onTerminal(process) ? 'terminal' : 'batch' };
}

/** For what serves an editor or an application over its input and output, or over a socket: ACP and its like. */
export const CONVERSATION: MainMatch = { role: 'main', mode: 'conversation' };

/** False as soon as we know that its input or output is no terminal. */
export function onTerminal(process: ProcessFacts): boolean {
  return process.tty !== null && process.stdin_tty !== false && process.stdout_tty !== false;
}

export interface Recognised {
  type: AgentType;
  match: Match;
}

/** Which agent a process is; null: none. */
export type Recogniser = (process: ProcessFacts) => Recognised | null;
