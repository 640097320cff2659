import { durationText } from '../lib/text/amounts.js';
import type { Asker } from './asker.js';
import type { Failure } from './failure.js';
import { DAY_MS, type UsageLog, type UsageTotals } from './usage.js';

export interface BudgetOptions {
  /** Between two questions of the same asker. */
  cooldown_ms: number;
  /** Within 24 hours. */
  daily_calls: number;
  daily_tokens: number;
}

/** However long a server asks to wait: no longer than this. */
const MAX_WAIT_MS = 3_600_000;
/** Of the budget, so much is left for what vigil asks unasked and for root. */
const RESERVED = 1 / 4;
/** What a single user's critical alerts may take of it at most. */
const URGENT = 1 / 2;
const MAX_SLOTS = 1_000;

/** What of the budget is asked for: requests or tokens. */
interface Amount {
  key: 'daily_calls' | 'daily_tokens';
  unit: 'requests' | 'tokens';
  limit: number;
  need: number;
  of(totals: UsageTotals): number;
}

/** When a model may be asked, and by whom: pure but for the log of what was spent. */
export class Budget {
  /** When each asker asked last. */
  private readonly asked_ms = new Map<string, number>();
  private last_ms = Number.NEGATIVE_INFINITY;
  private wait_until_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: BudgetOptions,
    private readonly usage: UsageLog,
  ) {}

  /** Why a question of so many tokens may not be asked now; null: it may. */
  refusal(now_ms: number, tokens: number, asker: Asker): Failure | null {
    if (now_ms < this.wait_until_ms) {
      const wait_ms = this.wait_until_ms - now_ms;
      const message = `The model's API asked to wait for another ${durationText(wait_ms)}.`;
      return { code: 'cooldown', message, wait_ms };
    }
    return this.cooldown(now_ms, asker) ?? this.shortage(now_ms, tokens, asker);
  }

  /** Whether one more request of this question is affordable; the cooldown is between questions. */
  affords(now_ms: number, tokens: number, asker: Asker): boolean {
    return this.shortage(now_ms, tokens, asker) === null;
  }

  asked(now_ms: number, { slot }: Asker): void {
    this.last_ms = now_ms;
    this.asked_ms.delete(slot);
    this.asked_ms.set(slot, now_ms);
    for (const oldest of this.asked_ms.keys()) {
      if (this.asked_ms.size <= MAX_SLOTS) break;
      this.asked_ms.delete(oldest);
    }
  }

  waitUntil(time_ms: number): void {
    this.wait_until_ms = Math.min(Math.max(this.wait_until_ms, time_ms), this.last_ms + MAX_WAIT_MS);
  }

  private cooldown(now_ms: number, { slot }: Asker): Failure | null {
    const { cooldown_ms } = this.options;
    const since_ms = now_ms - (this.asked_ms.get(slot) ?? Number.NEGATIVE_INFINITY);
    if (since_ms >= cooldown_ms) return null;
    const wait_ms = cooldown_ms - since_ms;
    const message = `A model was asked ${durationText(since_ms)} ago: again in ${durationText(wait_ms)} (ai.cooldown_s).`;
    return { code: 'cooldown', message, wait_ms };
  }

  private shortage(now_ms: number, tokens: number, asker: Asker): Failure | null {
    const { daily_calls, daily_tokens } = this.options;
    const amounts: Amount[] = [
      { key: 'daily_calls', unit: 'requests', limit: daily_calls, need: 1, of: totals => totals.calls },
      {
        key: 'daily_tokens',
        unit: 'tokens',
        limit: daily_tokens,
        need: tokens,
        of: totals => totals.input_tokens + totals.output_tokens,
      },
    ];
    for (const amount of amounts) {
      const message = this.short(now_ms - DAY_MS, amount, asker);
      if (message !== null) return { code: 'budget', message, wait_ms: null };
    }
    return null;
  }

  /** Why there is too little left; null: there is enough. */
  private short(since_ms: number, amount: Amount, { uid, urgent }: Asker): string | null {
    const { key, limit, need, of, unit } = amount;
    const all = of(this.usage.since(since_ms));
    const mayNeed = key === 'daily_tokens' && need > 0 ? `, and the question may take ${need}` : '';
    if (all + need > limit)
      return `The budget of the last 24 hours is used up: ${all} of ${limit} ${unit}${mayNeed} (ai.${key}).`;
    if (uid === null) return null;
    const own = of(this.usage.since(since_ms, uid));
    const left = `${limit - all} of ${limit} are left for others`;
    if (urgent) {
      const most = Math.max(need, Math.floor(limit * URGENT));
      return own + need <= most
        ? null
        : `What may be asked about one user in 24 hours is used up: ${own} of ${most} ${unit}${mayNeed}; ${left} (ai.${key}).`;
    }
    // There is always room for one user more than have asked so far.
    const users = new Set(this.usage.users(since_ms)).add(uid).size;
    const forUsers = limit - Math.ceil(limit * RESERVED);
    const share = Math.max(Math.min(1, forUsers), Math.floor(forUsers / (users + 1)));
    if (own + need > share)
      return `Your share of the last 24 hours is used up: ${own} of ${share} ${unit}${mayNeed}; ${left} (ai.${key}).`;
    const reserved = Math.max(0, Math.ceil(limit * RESERVED) - of(this.usage.since(since_ms, null)));
    if (all + need > limit - reserved)
      return `What users may ask in 24 hours is used up: ${all} of ${limit} ${unit} are spent${mayNeed}, ${reserved} are kept for root and for alerts (ai.${key}).`;
    return null;
  }
}
