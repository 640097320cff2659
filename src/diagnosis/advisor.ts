import { setTimeout as sleep } from 'node:timers/promises';
import { durationText } from '../text/amounts.js';
import { Budget, type BudgetOptions } from './budget.js';
import { explainByRules } from './deterministic.js';
import { type Failure, type FailureCode, ModelError } from './failure.js';
import { type Prompt, promptOf } from './prompt.js';
import type { Provider, Reply } from './providers/provider.js';
import { contextOf, type Question } from './question.js';
import { type Diagnosis, readAnswer } from './schema.js';
import { type Proposals, proposalsOf } from './targets.js';
import { DAY_MS, estimateTokens, type Usage, type UsageLog, type UsageTotals } from './usage.js';

export interface AdvisorOptions extends BudgetOptions {
  enabled: boolean;
  max_tokens: number;
  /** For one question, repeated requests included. */
  timeout_ms: number;
  redact_home: boolean;
}

/** The key of the API; null: the endpoint needs none. */
export type ReadKey = () =>
  | { ok: true; key: { value: string; source: string } | null }
  | { ok: false; code: 'no_key' | 'setup'; message: string };

export interface AdvisorDeps {
  provider: Provider;
  readKey: ReadKey;
  usage: UsageLog;
  /** ms since the epoch. */
  now: () => number;
}

export interface Explanation extends Proposals {
  /** When it was given; older than now when it was remembered. */
  time_ms: number;
  /** Who explains. */
  by: 'model' | 'rules';
  /** e.g. `claude-sonnet-5-5`; null: the rules. */
  model: string | null;
  diagnosis: Diagnosis;
  /** Why no model explains; null when one does. `disabled` and `no_key` are choices rather than troubles. */
  failure: Failure | null;
  /** What the question has cost, answered or not; null: no request was made. */
  usage: (Usage & { provider: string; model: string }) | null;
}

export interface Spending extends UsageTotals {
  daily_calls: number;
  daily_tokens: number;
}

const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 1000;
const MAX_REMEMBERED = 50;
const REMEMBERED_MS = 3_600_000;

/** Explains troubles: by a model where one is to be had, else by the rules. Always answers, never throws. */
export class Advisor {
  private readonly budget: Budget;
  private readonly remembered = new Map<string, Explanation>();
  private inFlight: { key: string; explanation: Promise<Explanation> } | null = null;
  private readonly stopped = new AbortController();

  constructor(
    private readonly options: AdvisorOptions,
    private readonly deps: AdvisorDeps,
  ) {
    this.budget = new Budget(options, deps.usage);
  }

  /** Exactly what would be sent. */
  promptFor(question: Question): Prompt {
    return promptOf(question, { home: this.options.redact_home });
  }

  /**
   * An explanation of the question. A second question about the same subject while a model thinks shares its
   * answer; while a model may not be asked, an answer of the last hour is given again.
   */
  explain(question: Question): Promise<Explanation> {
    const key = keyOf(question);
    if (this.inFlight?.key === key) return this.inFlight.explanation;
    const prompt = this.promptFor(question);
    const refused = this.refusal(prompt);
    if (refused !== null) return Promise.resolve(this.recall(key) ?? this.byRules(question, refused, null));
    const explanation = this.askModel(question, prompt, key).finally(() => {
      this.inFlight = null;
    });
    this.inFlight = { key, explanation };
    return explanation;
  }

  /** Ends the request under way; from now on the rules explain. */
  stop(): void {
    this.stopped.abort();
  }

  /** For `vigil health`: null when the next question would go to a model. */
  unavailable(): Failure | null {
    return this.off() ?? this.budget.refusal(this.deps.now(), 0);
  }

  /** The last 24 hours, and what they may cost. */
  spending(): Spending {
    const { daily_calls, daily_tokens } = this.options;
    const used = this.deps.usage.since(this.deps.now() - DAY_MS);
    return { ...used, daily_calls, daily_tokens };
  }

  private off(): Failure | null {
    if (!this.options.enabled) return failure('disabled', 'No model is asked: ai.enabled is false.');
    if (this.stopped.signal.aborted) return failure('stopped', 'No model is asked: vigil is stopping.');
    const key = this.deps.readKey();
    return key.ok ? null : failure(key.code, key.message);
  }

  private refusal(prompt: Prompt): Failure | null {
    const off = this.off();
    if (off !== null) return off;
    if (this.inFlight !== null)
      return failure('busy', 'The model is busy with another question: ask again soon.');
    return this.budget.refusal(this.deps.now(), this.estimate(prompt));
  }

  private estimate(prompt: Prompt): number {
    return estimateTokens(prompt.system) + estimateTokens(prompt.user) + this.options.max_tokens;
  }

  private recall(key: string): Explanation | null {
    const known = this.remembered.get(key);
    return known !== undefined && this.deps.now() - known.time_ms < REMEMBERED_MS ? known : null;
  }

  private async askModel(question: Question, prompt: Prompt, key: string): Promise<Explanation> {
    const spent: Usage = { input_tokens: 0, output_tokens: 0 };
    try {
      const diagnosis = await this.answer(prompt, spent);
      const explanation: Explanation = {
        time_ms: this.deps.now(),
        by: 'model',
        model: this.deps.provider.model,
        diagnosis,
        ...proposalsOf(diagnosis, contextOf(question)),
        failure: null,
        usage: this.spentAt(spent),
      };
      this.remember(key, explanation);
      return explanation;
    } catch (error) {
      const { code, message } =
        error instanceof ModelError
          ? error
          : { code: 'server' as const, message: 'The model could not be asked.' };
      return this.byRules(question, failure(code, message), spent);
    }
  }

  /** Asks until there is an answer, the attempts are used up, or the time is over. */
  private async answer(prompt: Prompt, spent: Usage): Promise<Diagnosis> {
    const deadline_ms = this.deps.now() + this.options.timeout_ms;
    const overdue = AbortSignal.timeout(this.options.timeout_ms);
    const signal = AbortSignal.any([overdue, this.stopped.signal]);
    this.budget.asked(this.deps.now());
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.request(prompt, signal, spent);
        return diagnosisOf(reply, this.options.max_tokens);
      } catch (error) {
        const wait_ms = this.waitAfter(error, attempt, deadline_ms, prompt);
        if (wait_ms === null) throw error;
        await sleep(wait_ms, undefined, { signal }).catch(() => {
          throw this.ended();
        });
      }
    }
  }

  /** Null: it is no use to try again. */
  private waitAfter(error: unknown, attempt: number, deadline_ms: number, prompt: Prompt): number | null {
    const now_ms = this.deps.now();
    if (!(error instanceof ModelError)) return null;
    if (error.retry_after_ms !== null) this.budget.waitUntil(now_ms + error.retry_after_ms);
    if (!error.retryable || attempt >= MAX_ATTEMPTS || !this.budget.affords(now_ms, this.estimate(prompt)))
      return null;
    const wait_ms = error.retry_after_ms ?? BACKOFF_MS * 2 ** (attempt - 1);
    return now_ms + wait_ms < deadline_ms ? wait_ms : null;
  }

  /** One request, with its cost written down however it ends. */
  private async request(prompt: Prompt, signal: AbortSignal, spent: Usage): Promise<Reply> {
    const key = this.deps.readKey();
    if (!key.ok) throw new ModelError(key.code, key.message);
    const { provider, now } = this.deps;
    const input_tokens = estimateTokens(prompt.system) + estimateTokens(prompt.user);
    try {
      const asked = provider.ask(prompt, { signal, key: key.key, now_ms: now() });
      const reply = await untilAborted(asked, signal);
      const guess = { input_tokens, output_tokens: estimateTokens(reply.text) };
      this.record(reply.usage ?? guess, 'answered', reply.usage === null, spent);
      return reply;
    } catch (error) {
      const told = signal.aborted ? this.ended() : asModelError(error);
      // A server that went silent or sent nonsense may have thought, and will be paid for it.
      const thought = ['timeout', 'too_large', 'bad_answer', 'stopped'].includes(told.code);
      const guess = { input_tokens, output_tokens: this.options.max_tokens };
      this.record(thought ? guess : { input_tokens: 0, output_tokens: 0 }, told.code, thought, spent);
      throw told;
    }
  }

  private record(usage: Usage, outcome: string, estimated: boolean, spent: Usage): void {
    spent.input_tokens += usage.input_tokens;
    spent.output_tokens += usage.output_tokens;
    const { provider, now } = this.deps;
    const { input_tokens, output_tokens } = usage;
    const who = { time_ms: now(), provider: provider.name, model: provider.model };
    this.deps.usage.record({ ...who, input_tokens, output_tokens, outcome, estimated });
  }

  private ended(): ModelError {
    if (this.stopped.signal.aborted) {
      return new ModelError('stopped', 'The question was given up: vigil is stopping.');
    }
    const time = durationText(this.options.timeout_ms);
    return new ModelError('timeout', `The model did not answer within ${time} (ai.timeout_s).`);
  }

  private byRules(question: Question, why: Failure, spent: Usage | null): Explanation {
    const diagnosis = explainByRules(question);
    const proposals = proposalsOf(diagnosis, contextOf(question));
    const usage = spent === null ? null : this.spentAt(spent);
    return {
      time_ms: this.deps.now(),
      by: 'rules',
      model: null,
      diagnosis,
      ...proposals,
      failure: why,
      usage,
    };
  }

  private spentAt(spent: Usage): Explanation['usage'] {
    const { name, model } = this.deps.provider;
    return { ...spent, provider: name, model };
  }

  private remember(key: string, explanation: Explanation): void {
    this.remembered.delete(key);
    this.remembered.set(key, explanation);
    for (const oldest of this.remembered.keys()) {
      if (this.remembered.size <= MAX_REMEMBERED) break;
      this.remembered.delete(oldest);
    }
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

/** The same subject gets the same key: of an alert its own, of a process its pid and start. */
function keyOf({ about, snapshot }: Question): string {
  if (about.kind === 'alert') return `alert ${about.alert.key}`;
  const process = snapshot.processes.find(candidate => candidate.pid === about.pid);
  return `process ${about.pid} ${process?.start_ticks ?? ''}`;
}

function failure(code: FailureCode, message: string): Failure {
  return { code, message, wait_ms: null };
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
