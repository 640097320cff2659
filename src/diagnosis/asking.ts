import { setTimeout as sleep } from 'node:timers/promises';
import { durationText } from '../lib/text/amounts.js';
import type { Asker } from './asker.js';
import type { Budget } from './budget.js';
import { ModelError } from './failure.js';
import type { Prompt } from './prompt.js';
import type { Provider, Reply } from './providers/provider.js';
import { type Diagnosis, readAnswer } from './schema.js';
import { estimateTokens, type Usage, type UsageLog } from './usage.js';

export interface AskingOptions {
  max_tokens: number;
  /** For one question, repeated requests included. */
  timeout_ms: number;
}

/** The key of the API; null: the endpoint needs none. */
export type ReadKey = () =>
  | { ok: true; key: { value: string; source: string } | null }
  | { ok: false; code: 'no_key' | 'setup'; message: string };

export interface AskingDeps {
  provider: Provider;
  readKey: ReadKey;
  usage: UsageLog;
  budget: Budget;
  /** ms since the epoch. */
  now: () => number;
  stopped: AbortSignal;
}

const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 1000;

/** One question put to a model: attempts, deadline, and what each request costs. */
export class Asking {
  constructor(
    private readonly options: AskingOptions,
    private readonly deps: AskingDeps,
  ) {}

  /** Tokens of the question and of the longest answer to it. */
  estimate(prompt: Prompt): number {
    return estimateTokens(prompt.system) + estimateTokens(prompt.user) + this.options.max_tokens;
  }

  /**
   * Asks until there is an answer, the attempts are used up, or the time is over. Adds what it costs to `spent`.
   * Throws ModelError.
   */
  async answer(prompt: Prompt, spent: Usage, asker: Asker): Promise<Diagnosis> {
    const deadline_ms = this.deps.now() + this.options.timeout_ms;
    const overdue = AbortSignal.timeout(this.options.timeout_ms);
    const signal = AbortSignal.any([overdue, this.deps.stopped]);
    this.deps.budget.asked(this.deps.now(), asker);
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.request(prompt, signal, spent, asker);
        return diagnosisOf(reply, this.options.max_tokens);
      } catch (error) {
        const wait_ms = this.waitAfter(error, attempt, deadline_ms, prompt, asker);
        if (wait_ms === null) throw error;
        await sleep(wait_ms, undefined, { signal }).catch(() => {
          throw this.ended();
        });
      }
    }
  }

  /** Null: it is no use to try again. */
  private waitAfter(
    error: unknown,
    attempt: number,
    deadline_ms: number,
    prompt: Prompt,
    asker: Asker,
  ): number | null {
    const now_ms = this.deps.now();
    if (!(error instanceof ModelError)) return null;
    if (error.retry_after_ms !== null) this.deps.budget.waitUntil(now_ms + error.retry_after_ms);
    if (
      !error.retryable ||
      attempt >= MAX_ATTEMPTS ||
      !this.deps.budget.affords(now_ms, this.estimate(prompt), asker)
    )
      return null;
    const wait_ms = error.retry_after_ms ?? BACKOFF_MS * 2 ** (attempt - 1);
    return now_ms + wait_ms < deadline_ms ? wait_ms : null;
  }

  /** One request, with its cost written down however it ends. */
  private async request(prompt: Prompt, signal: AbortSignal, spent: Usage, { uid }: Asker): Promise<Reply> {
    const key = this.deps.readKey();
    if (!key.ok) throw new ModelError(key.code, key.message);
    const { provider, now } = this.deps;
    const input_tokens = estimateTokens(prompt.system) + estimateTokens(prompt.user);
    try {
      const asked = provider.ask(prompt, { signal, key: key.key, now_ms: now() });
      const reply = await untilAborted(asked, signal);
      const guess = { input_tokens, output_tokens: estimateTokens(reply.text) };
      this.record(reply.usage ?? guess, 'answered', reply.usage === null, spent, uid);
      return reply;
    } catch (error) {
      const told = signal.aborted ? this.ended() : asModelError(error);
      // A server that went silent or sent nonsense may have thought, and will be paid for it.
      const thought = ['timeout', 'too_large', 'bad_answer', 'stopped'].includes(told.code);
      const guess = { input_tokens, output_tokens: this.options.max_tokens };
      this.record(thought ? guess : { input_tokens: 0, output_tokens: 0 }, told.code, thought, spent, uid);
      throw told;
    }
  }

  private record(usage: Usage, outcome: string, estimated: boolean, spent: Usage, uid: number | null): void {
    spent.input_tokens += usage.input_tokens;
    spent.output_tokens += usage.output_tokens;
    const { provider, now } = this.deps;
    const { input_tokens, output_tokens } = usage;
    const who = { time_ms: now(), provider: provider.name, model: provider.model, uid };
    this.deps.usage.record({ ...who, input_tokens, output_tokens, outcome, estimated });
  }

  private ended(): ModelError {
    if (this.deps.stopped.aborted) {
      return new ModelError('stopped', 'The question was given up: vigil is stopping.');
    }
    const time = durationText(this.options.timeout_ms);
    return new ModelError('timeout', `The model did not answer within ${time} (ai.timeout_s).`);
  }
}

function diagnosisOf(reply: Reply, max_tokens: number): Diagnosis {
  if (reply.stop === 'refusal') throw new ModelError('refusal', 'The model refused to answer this.');
  if (reply.stop === 'max_tokens') {
    throw new ModelError(
      'truncated',
      `The model's answer was cut off at ${max_tokens} tokens (ai.max_tokens).`,
    );
  }
  const answer = readAnswer(reply.text);
  if (!answer.ok) throw new ModelError('bad_answer', `The model's answer is of no use: ${answer.message}.`);
  return answer.diagnosis;
}

function asModelError(error: unknown): ModelError {
  // Not its message: it may hold what was sent, or where to.
  return error instanceof ModelError ? error : new ModelError('server', 'The model could not be asked.');
}

/** Ends when the signal says so, even if what it waits for does not listen. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}
