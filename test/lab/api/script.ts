/**
 * What the scripted model does, one step per request of the main conversation. A turn with one tool
 * call is two steps: the `tool` step, and what the model says to the result. When the steps have run
 * out it answers `Done.`; side requests (titles, token counts, quota checks) never use up a step.
 */
export type Step = TextStep | ToolStep | ErrorStep;

interface Timing {
  /** Before the first byte of the answer, "the model thinks". */
  delay_ms?: number;
  /** Between two chunks. */
  chunk_ms?: number;
}

export interface TextStep extends Timing {
  do: 'text';
  text: string;
  /** Characters per chunk. */
  chunk_chars?: number;
  /** Falls silent for this long in the middle of the answer. */
  stall_ms?: number;
}

export interface ToolStep extends Timing {
  do: 'tool';
  /** Said before the call. */
  text?: string;
  /** For `shell` only. */
  command?: string;
  /** Codex asks for approval only of what the model itself calls for; Claude asks unless its settings allow. */
  ask?: boolean;
  tool: 'shell' | 'background_shell' | 'question' | 'plan' | 'subagent';
}

export interface ErrorStep extends Timing {
  do: 'error';
  status: number;
  /** e.g. `overloaded_error` */
  type: string;
  message: string;
}

export interface ApiLogEntry {
  time_ms: number;
  event: 'request' | 'first_byte' | 'sent' | 'aborted';
  /** `main` is the conversation; anything else the agent asks by the way is `side`. */
  call: 'main' | 'side';
  path: string;
  /** Index of the step; null for side calls and for the answers after the last step. */
  step: number | null;
  status: number;
  did: string;
}
