import type { Logger } from '../lib/log/logger.js';

/** Something that lives as long as the daemon does. */
export interface Part {
  name: string;
  /** What can take long heeds the signal; else it is not waited for any more when that is given. */
  start?(signal: AbortSignal): unknown;
  /** Also called when `start` has not ended, or has failed. */
  stop?(): unknown;
}

export interface PartsOptions {
  logger: Pick<Logger, 'error' | 'debug'>;
  /** How long one part may take to stop. */
  stop_ms?: number;
  /** All of them together: below systemd's TimeoutStopSec. Whoever comes after that gets LEAST_MS. */
  total_ms?: number;
}

/** Two waits of the store for a disk that hangs, and some. */
const STOP_MS = 7_000;
const TOTAL_MS = 15_000;
const LEAST_MS = 250;

/** Starts parts in their order, and stops those that were begun in reverse. */
export class Parts {
  private readonly begun: Part[] = [];

  constructor(private readonly options: PartsOptions) {}

  /** Rejects with what a part throws, or with the signal's reason; `stop` ends what was begun. */
  async start(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    for (const part of parts) {
      signal.throwIfAborted();
      this.begun.push(part);
      await orAborted(part.start?.(signal), signal);
    }
  }

  /** Never rejects: a part that fails or hangs is logged, and the others are stopped all the same. */
  async stop(): Promise<void> {
    const { logger, stop_ms = STOP_MS, total_ms = TOTAL_MS } = this.options;
    const end_ms = performance.now() + total_ms;
    for (let part = this.begun.pop(); part !== undefined; part = this.begun.pop()) {
      const { name } = part;
      const limit_ms = Math.max(LEAST_MS, Math.min(stop_ms, end_ms - performance.now()));
      try {
        if (!(await isDoneWithin(part.stop?.(), limit_ms)))
          logger.error({ part: name, ms: Math.round(limit_ms) }, 'a part does not stop: it is left behind');
      } catch (error) {
        logger.error({ part: name, err: error }, 'a part failed to stop');
      }
    }
  }
}

async function orAborted(work: unknown, signal: AbortSignal): Promise<void> {
  if (!(work instanceof Promise)) return;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  // Whoever is not waited for any more may still fail.
  work.catch(() => {});
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function isDoneWithin(work: unknown, limit_ms: number): Promise<boolean> {
  if (!(work instanceof Promise)) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), limit_ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
