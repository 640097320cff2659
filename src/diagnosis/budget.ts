import { durationText } from '../text/amounts.js';
import type { Failure } from './failure.js';
import { DAY_MS, type UsageLog } from './usage.js';

export interface BudgetOptions {
  /** Between two questions. */
  cooldown_ms: number;
  /** Within 24 hours. */
  daily_calls: number;
  daily_tokens: number;
}

/** However long a server asks to wait: no longer than this. */
const MAX_WAIT_MS = 3_600_000;

/** When a model may be asked: pure but for the log of what was spent. */
export class Budget {
  private asked_ms = Number.NEGATIVE_INFINITY;
  private wait_until_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: BudgetOptions,
    private readonly usage: UsageLog,
  ) {}

  /** Why a question of so many tokens may not be asked now; null: it may. */
  refusal(now_ms: number, tokens: number): Failure | null {
    const { cooldown_ms, daily_calls, daily_tokens } = this.options;
    if (now_ms < this.wait_until_ms) {
      const wait_ms = this.wait_until_ms - now_ms;
      const message = `The model's API asked to wait for another ${durationText(wait_ms)}.`;
      return { code: 'cooldown', message, wait_ms };
    }
    const since_ms = now_ms - this.asked_ms;
    if (since_ms < cooldown_ms) {
      const wait_ms = cooldown_ms - since_ms;
      const message = `A model was asked ${durationText(since_ms)} ago: again in ${durationText(wait_ms)} (ai.cooldown_s).`;
      return { code: 'cooldown', message, wait_ms };
    }
    const used = this.usage.since(now_ms - DAY_MS);
    if (used.calls >= daily_calls) {
      const message = `The budget of the last 24 hours is used up: ${used.calls} of ${daily_calls} requests (ai.daily_calls).`;
      return { code: 'budget', message, wait_ms: null };
    }
    const spent = used.input_tokens + used.output_tokens;
    if (spent + tokens > daily_tokens) {
      const need = tokens === 0 ? '' : `, and the question may take ${tokens}`;
      const message = `The budget of the last 24 hours is used up: ${spent} of ${daily_tokens} tokens${need} (ai.daily_tokens).`;
      return { code: 'budget', message, wait_ms: null };
    }
    return null;
  }

  /** Whether one more request of this question is affordable; the cooldown is between questions. */
  affords(now_ms: number, tokens: number): boolean {
    const used = this.usage.since(now_ms - DAY_MS);
    const spent = used.input_tokens + used.output_tokens;
    return used.calls < this.options.daily_calls && spent + tokens <= this.options.daily_tokens;
  }

  asked(now_ms: number): void {
    this.asked_ms = now_ms;
  }

  waitUntil(time_ms: number): void {
    this.wait_until_ms = Math.min(Math.max(this.wait_until_ms, time_ms), this.asked_ms + MAX_WAIT_MS);
  }
}
