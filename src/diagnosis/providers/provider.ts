import type { Prompt } from '../prompt.js';
import type { Usage } from '../usage.js';

/** A model somewhere. One call of `ask` is one request: retries, budgets and deadlines are the advisor's. */
export interface Provider {
  /** e.g. `anthropic`. */
  readonly name: string;
  readonly model: string;
  /** Loads what the first question would keep the event loop with. */
  prepare?(): Promise<void>;
  /** Throws ModelError. `signal` ends the request at once. */
  ask(prompt: Prompt, options: AskOptions): Promise<Reply>;
}

export interface AskOptions {
  signal: AbortSignal;
  /** Null: the endpoint needs none. */
  key: { value: string; source: string } | null;
  /** For dates in Retry-After. */
  now_ms: number;
}

export interface Reply {
  text: string;
  stop: 'end' | 'max_tokens' | 'refusal';
  /** Null: the provider did not say. */
  usage: Usage | null;
}

/** An answer has at most a few thousand tokens; anything larger is no answer. */
export const MAX_REPLY_BYTES = 1024 * 1024;
