import { printable } from '../text/printable.js';
import type { Logger } from './logger.js';

/** What goes wrong again and again is logged this often. */
const LOG_EVERY_MS = 60_000;
/** `vigil health` speaks of a fault for so long after it was last seen. */
const NEWS_MS = 3_600_000;

interface Fault {
  count: number;
  message: string;
  last_ms: number;
  logged_ms: number;
}

/**
 * Faults in vigil's own code that did not end it: each is logged with its stack, counted, and shown by
 * `vigil health` under the name of the part that it belongs to.
 */
export class FaultLog {
  private readonly faults = new Map<string, Fault>();

  /** `now_ms`: a clock that never goes back. */
  constructor(
    private readonly logger: Pick<Logger, 'error'>,
    private readonly now_ms: () => number = () => performance.now(),
  ) {}

  /** `owner`: the part, in words of the code: there are few. */
  record(owner: string, error: unknown): void {
    const now_ms = this.now_ms();
    const known = this.faults.get(owner);
    const count = (known?.count ?? 0) + 1;
    const isNews = known === undefined || now_ms - known.logged_ms >= LOG_EVERY_MS;
    const logged_ms = isNews ? now_ms : known.logged_ms;
    this.faults.set(owner, { count, message: messageOf(error), last_ms: now_ms, logged_ms });
    if (isNews) this.logger.error({ err: asError(error), owner, count }, `a fault of vigil in ${owner}`);
  }

  /** The listener, whose errors (a rejected promise too) are recorded and reach nobody else. */
  isolated<A extends unknown[]>(owner: string, listener: (...args: A) => unknown): (...args: A) => void {
    return (...args) => {
      try {
        const result = listener(...args);
        if (result instanceof Promise) result.catch(error => this.record(owner, error));
      } catch (error) {
        this.record(owner, error);
      }
    };
  }

  /** For `vigil health`. */
  problems(): string[] {
    const now_ms = this.now_ms();
    return [...this.faults]
      .filter(([, { last_ms }]) => now_ms - last_ms < NEWS_MS)
      .map(([owner, { count, message, last_ms }]) => {
        const ago_s = Math.round((now_ms - last_ms) / 1000);
        return `a fault of vigil in ${owner}, ${count === 1 ? 'once' : `${count} times`}, the last ${ago_s} s ago: ${message} (its log has the stack)`;
      });
  }
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error), 200);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`not an error: ${printable(String(error), 200)}`);
}
