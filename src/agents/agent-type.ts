import type { ProcessFacts } from '../model/observation.js';
import type { Identity } from './recognition/identity.js';

/**
 * What a process is to its agent.
 * `main` holds the conversation and, when interactive, the terminal. `wrapper` only starts it. `helper`
 * belongs to the agent but outlives or serves sessions (Codex's app-server).
 */
export interface Match {
  role: 'main' | 'wrapper' | 'helper';
  /** False for one-shot and embedded runs: these never wait for a person. */
  interactive: boolean;
}

/** What an agent says of itself in one OSC sequence. */
export interface Words {
  state: 'working' | 'approval' | 'question' | 'done' | 'idle';
  /** In a few words, for the record. */
  text: string;
}

/** One file each. Everything here is pure. */
export interface AgentKind {
  /** As in `vigil agents`: `claude-code`. */
  name: string;
  /** For people: `Claude Code`. */
  label: string;
  /** Null: not this agent (or a part of it that holds no conversation, like `claude mcp serve`). */
  match(process: ProcessFacts, id: Identity): Match | null;
  /** True when a child of the agent is a tool it runs on the model's behalf. Default: any shell with -c. */
  isTool?(argv: readonly string[]): boolean;
  /** It draws without a pause for as long as it works, also while it thinks or a tool runs. */
  alwaysDraws?: boolean;
  /** While it works its window title moves on too; else the title is set once for each state. */
  titleSpins?: boolean;
  /** It writes down its turns in a file that vigil reads. */
  keepsTranscript?: boolean;
  /** Reads the state out of a window title (OSC 0/2). */
  readTitle?(title: string): Words | null;
  /** Reads the state out of any other OSC sequence, e.g. code 7501. */
  readOsc?(code: number, payload: string): Words | null;
}

/** Helper for kinds that are one program with a print option: interactive unless one of `oneShot` is given. */
export function simpleMatch(process: ProcessFacts, oneShot: boolean): Match {
  return { role: 'main', interactive: !oneShot && onTerminal(process) };
}

/** False as soon as we know that its input or output is no terminal. */
export function onTerminal(process: ProcessFacts): boolean {
  return process.tty !== null && process.stdin_tty !== false && process.stdout_tty !== false;
}
