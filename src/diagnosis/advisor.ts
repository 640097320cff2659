import { type Asker, askedBy } from './asker.js';
import { Asking, type AskingOptions, type ReadKey } from './asking.js';
import { Budget, type BudgetOptions } from './budget.js';
import { explainByRules } from './deterministic.js';
import { type Failure, type FailureCode, ModelError } from './failure.js';
import { type Prompt, promptOf } from './prompt.js';
import type { Provider } from './providers/provider.js';
import { contextOf, type Question } from './question.js';
import type { Diagnosis } from './schema.js';
import { type Proposals, proposalsOf } from './targets.js';
import { DAY_MS, type Usage, type UsageLog, type UsageTotals } from './usage.js';

export interface AdvisorOptions extends BudgetOptions, AskingOptions {
  enabled: boolean;
  redact_home: boolean;
}

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

/** Users whose questions are with a model at once: each has one, and the slow ones of some hold up nobody else. */
const MAX_USERS_IN_FLIGHT = 4;
const MAX_REMEMBERED = 50;
const REMEMBERED_MS = 3_600_000;

/** Explains troubles: by a model where one is to be had, else by the rules. Always answers, never throws. */
export class Advisor {
  private readonly budget: Budget;
  private readonly asking: Asking;
  private readonly remembered = new Map<string, Explanation>();
  /** By the asker's slot. */
  private readonly inFlight = new Map<string, { key: string; explanation: Promise<Explanation> }>();
  private readonly stopped = new AbortController();

  constructor(
    private readonly options: AdvisorOptions,
    private readonly deps: AdvisorDeps,
  ) {
    this.budget = new Budget(options, deps.usage);
    this.asking = new Asking(options, { ...deps, budget: this.budget, stopped: this.stopped.signal });
  }

  /** Exactly what would be sent. */
  promptFor(question: Question): Prompt {
    return promptOf(question, { home: this.options.redact_home });
  }

  /**
   * An explanation of the question. A second one about the same subject, of somebody with the same view of the
   * machine, shares the answer while a model thinks; while a model may not be asked, an answer of the last hour
   * is given again.
   */
  async explain(question: Question, asker: Asker = askedBy(question.viewer_uid)): Promise<Explanation> {
    const key = keyOf(question);
    for (const asked of this.inFlight.values()) if (asked.key === key) return asked.explanation;
    // What will be refused anyway is not worth a prompt.
    let refused = this.refusal(asker, 0);
    const prompt = refused === null ? this.promptFor(question) : null;
    if (prompt !== null) refused = this.refusal(asker, this.asking.estimate(prompt));
    if (prompt === null || refused !== null)
      return this.recall(key) ?? this.byRules(question, refused ?? BUSY, null);
    const explanation = this.askModel(question, prompt, key, asker).finally(() =>
      this.inFlight.delete(asker.slot),
    );
    this.inFlight.set(asker.slot, { key, explanation });
    return explanation;
  }

  /** Ends the request under way; from now on the rules explain. */
  stop(): void {
    this.stopped.abort();
  }

  /** For `vigil health`: null when the next question would go to a model. */
  unavailable(asker: Asker = askedBy(null)): Failure | null {
    return this.off() ?? this.budget.refusal(this.deps.now(), 0, asker);
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

  private refusal(asker: Asker, tokens: number): Failure | null {
    const off = this.off();
    if (off !== null) return off;
    if (this.inFlight.has(asker.slot)) return BUSY;
    if (isUser(asker.slot)) {
      // Root comes first; users do not hold up each other, but for a crowd of them.
      const users = [...this.inFlight.keys()].filter(isUser).length;
      if (users >= MAX_USERS_IN_FLIGHT || this.inFlight.has(askedBy(null).slot)) return BUSY;
    }
    return this.budget.refusal(this.deps.now(), tokens, asker);
  }

  private recall(key: string): Explanation | null {
    const known = this.remembered.get(key);
    return known !== undefined && this.deps.now() - known.time_ms < REMEMBERED_MS ? known : null;
  }

  private async askModel(
    question: Question,
    prompt: Prompt,
    key: string,
    asker: Asker,
  ): Promise<Explanation> {
    const spent: Usage = { input_tokens: 0, output_tokens: 0 };
    try {
      const diagnosis = await this.asking.answer(prompt, spent, asker);
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

/** The same subject, seen by the same, gets the same key: of an alert its own, of a process its pid and start. */
function keyOf({ about, viewer_uid, snapshot }: Question): string {
  const viewer = viewer_uid ?? 'all';
  if (about.kind === 'alert') return `${viewer} alert ${about.alert.key}`;
  const process = snapshot.processes.find(candidate => candidate.pid === about.pid);
  return `${viewer} process ${about.pid} ${process?.start_ticks ?? ''}`;
}

function isUser(slot: string): boolean {
  return slot.startsWith('uid ');
}

const BUSY = failure('busy', 'The model is busy with another question: ask again soon.');

function failure(code: FailureCode, message: string): Failure {
  return { code, message, wait_ms: null };
}
