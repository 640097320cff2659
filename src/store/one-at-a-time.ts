import { within } from './within.js';

/** So many who ask may wait; who comes then is told so at once. */
const MAX_ASKED = 32;

/**
 * Works that want the same thing have it one after the other: what must be done first, then what is merely
 * asked, as long as somebody waits for the answer. Says for how long the one at work has been at it.
 */
export class OneAtATime {
  private readonly taken = new Set<() => Promise<void>>();
  private readonly asked = new Set<() => Promise<void>>();
  private isBusy = false;
  private since_ms: number | null = null;

  constructor(private readonly now: () => number) {}

  /** Settles as the work does, which begins when the one at work has ended and all taken before it have. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.queue(this.taken, work).result;
  }

  /**
   * The same after all that is taken. Null: there was no answer within `patience_ms`, and what had not begun by
   * then never does; or too many wait already.
   */
  async ask<T>(work: () => Promise<T>, patience_ms: number): Promise<T | null> {
    if (this.asked.size >= MAX_ASKED) return null;
    const { result, begin } = this.queue(this.asked, work);
    try {
      return await within<T | null>(result, patience_ms, null);
    } finally {
      this.asked.delete(begin);
    }
  }

  /** For how long the present work has been at it; 0: there is none. */
  busy_ms(): number {
    return this.since_ms === null ? 0 : this.now() - this.since_ms;
  }

  private queue<T>(
    line: Set<() => Promise<void>>,
    work: () => Promise<T>,
  ): { result: Promise<T>; begin: () => Promise<void> } {
    let begin = async () => {};
    const result = new Promise<T>((resolve, reject) => {
      begin = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
    });
    // Whoever does not wait for it does not hear of it either.
    result.catch(() => {});
    line.add(begin);
    if (!this.isBusy) {
      this.isBusy = true;
      // Never within the call: who takes a turn has its promise before the work begins.
      queueMicrotask(() => void this.work());
    }
    return { result, begin };
  }

  private async work(): Promise<void> {
    for (let begin = this.next(); begin !== undefined; begin = this.next()) {
      this.since_ms = this.now();
      await begin();
      this.since_ms = null;
    }
    this.isBusy = false;
  }

  /** The first of those that wait, which waits no longer. */
  private next(): (() => Promise<void>) | undefined {
    for (const line of [this.taken, this.asked]) {
      for (const begin of line) {
        line.delete(begin);
        return begin;
      }
    }
    return undefined;
  }
}
