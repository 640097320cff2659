import { NotHere } from './collector.js';

/** One line of the table that `vigil health` shows. */
export interface CollectorHealth {
  name: string;
  /** `new`: not asked yet. `absent`: this machine has no such thing. `off`: switched off in the configuration. */
  state: 'new' | 'ok' | 'failing' | 'absent' | 'off';
  /** Of the last run, in microseconds; null before the first. */
  duration_us: number | null;
  /** The longest run so far. */
  longest_us: number;
  runs: number;
  failures: number;
  /** Why it failed or is absent; a note when all is well; null: nothing to say. */
  message: string | null;
  /** What to change; null: nothing is known. */
  advice: string | null;
}

export interface HealthLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** How a run ended. `silent`: nothing to say; the others have no value either. */
export type Outcome<T> = { how: 'said'; value: T } | { how: 'silent' | 'failed' | 'absent' };

const MAX_MESSAGE = 400;

/** Runs one thing again and again: times it, remembers how it goes, and says so only when that changes. */
export class HealthRecord {
  private readonly kept: CollectorHealth;

  constructor(
    name: string,
    private readonly logger: HealthLogger,
    /** Counts milliseconds; only differences matter. */
    private readonly clock: () => number,
  ) {
    this.kept = {
      name,
      state: 'new',
      duration_us: null,
      longest_us: 0,
      runs: 0,
      failures: 0,
      message: null,
      advice: null,
    };
  }

  /** Never throws. */
  run<T>(work: () => T | null): Outcome<T> {
    const before = this.clock();
    try {
      return this.ended(before, work());
    } catch (thrown) {
      return this.threw(before, thrown);
    }
  }

  /** The same for what takes turns with other work, whose time counts too. Does not reject. */
  async runAside<T>(work: () => Promise<T | null>): Promise<Outcome<T>> {
    const before = this.clock();
    try {
      return this.ended(before, await work());
    } catch (thrown) {
      return this.threw(before, thrown);
    }
  }

  private ended<T>(before: number, value: T | null): Outcome<T> {
    this.timed(before);
    // Nothing to say is no sign of recovery: what works in the background may only have begun again.
    if (value !== null || this.kept.state === 'new') this.worked();
    return value === null ? { how: 'silent' } : { how: 'said', value };
  }

  private threw<T>(before: number, thrown: unknown): Outcome<T> {
    this.timed(before);
    this.failed(thrown);
    return { how: thrown instanceof NotHere ? 'absent' : 'failed' };
  }

  private timed(before: number): void {
    const { kept } = this;
    kept.duration_us = Math.round((this.clock() - before) * 1000);
    kept.longest_us = Math.max(kept.longest_us, kept.duration_us);
    kept.runs++;
  }

  /** `note`: shown where there is nothing worse to say. */
  health(note: string | null = null): CollectorHealth {
    return { ...this.kept, message: this.kept.message ?? note };
  }

  /** It is not asked any more, or for the first time again. */
  switched(on: boolean): void {
    Object.assign(this.kept, { state: on ? 'new' : 'off', message: null, advice: null });
  }

  private worked(): void {
    const { kept } = this;
    if (kept.state === 'failing' || kept.state === 'absent') {
      this.logger.info({ collector: kept.name }, 'collector works again');
    }
    kept.state = 'ok';
    kept.message = null;
    kept.advice = null;
  }

  private failed(error: unknown): void {
    const { kept } = this;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
    const absent = error instanceof NotHere;
    const state = absent ? 'absent' : 'failing';
    // The words of a failure may change with each round; those of an absence say what to do.
    const known = kept.state === state && (!absent || kept.message === message);
    kept.state = state;
    kept.message = message;
    kept.advice = absent ? error.advice : null;
    if (!absent) kept.failures++;
    if (known) return;
    const fields = { collector: kept.name, why: message };
    if (absent) this.logger.info({ ...fields, advice: error.advice }, 'nothing to collect here');
    else this.logger.warn(fields, 'collector failed');
  }
}
