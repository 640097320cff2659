/** What asking models has cost: kept by whoever keeps history, counted against the daily budget. */

export interface Usage {
  input_tokens: number;
  output_tokens: number;
}

/** One request that left the machine. */
export interface UsageEntry extends Usage {
  time_ms: number;
  provider: string;
  model: string;
  /** `answered`, or the code of the failure. */
  outcome: string;
  /** Whose share it was; null: nobody's, root's or vigil's own. */
  uid: number | null;
  /** The provider did not say: input counted from the text, output as much as was allowed. */
  estimated: boolean;
}

export interface UsageTotals extends Usage {
  calls: number;
}

/** The only thing that diagnosis wants of a store. */
export interface UsageLog {
  record(entry: UsageEntry): void;
  /** Sums over the requests at or after `time_ms`; with `uid`, only over those charged to that user, or (null) to nobody. */
  since(time_ms: number, uid?: number | null): UsageTotals;
  /** Users to whom something was charged at or after `time_ms`. */
  users(time_ms: number): number[];
}

/** In memory, at most a day's worth; what an earlier daemon spent is given to the constructor. */
export class MemoryUsageLog implements UsageLog {
  private entries: Pick<UsageEntry, 'time_ms' | 'uid' | keyof Usage>[];

  constructor(earlier: readonly Pick<UsageEntry, 'time_ms' | keyof Usage>[] = []) {
    // Whose it was is not kept: it counts against the whole.
    this.entries = earlier.map(entry => ({ ...entry, uid: null }));
  }

  record(entry: UsageEntry): void {
    this.entries = this.entries.filter(({ time_ms }) => time_ms > entry.time_ms - DAY_MS);
    this.entries.push(entry);
  }

  users(time_ms: number): number[] {
    const users = this.entries.filter(entry => entry.time_ms >= time_ms).map(({ uid }) => uid);
    return [...new Set(users)].filter(uid => uid !== null);
  }

  since(time_ms: number, uid?: number | null): UsageTotals {
    const totals = { calls: 0, input_tokens: 0, output_tokens: 0 };
    for (const entry of this.entries) {
      if (entry.time_ms < time_ms || (uid !== undefined && entry.uid !== uid)) continue;
      totals.calls++;
      totals.input_tokens += entry.input_tokens;
      totals.output_tokens += entry.output_tokens;
    }
    return totals;
  }
}

export const DAY_MS = 86_400_000;

/** Upper estimate of the tokens of a text: English has about four characters a token, command lines three. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 3);
}
