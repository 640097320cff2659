import type { Logger } from '../../lib/log/logger.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { Viewer } from '../../model/viewer.js';

export interface ModulesOptions {
  logger: Pick<Logger, 'error' | 'debug'>;
  /** How long one module may take to stop. */
  stop_ms?: number;
  /** All of them together: below systemd's TimeoutStopSec. Whoever comes after that gets LEAST_MS. */
  total_ms?: number;
}

/** Two waits of the store for a disk that hangs, and some. */
const STOP_MS = 7_000;
const TOTAL_MS = 15_000;
const LEAST_MS = 250;

/** The modules of a daemon: whatever is done with all of them is a loop over their list. */
export class Modules<C = unknown> {
  /** In the order in which they began. */
  private readonly begun: Module<C>[] = [];

  constructor(private readonly options: ModulesOptions) {}

  /** One after the other. Rejects with what a module throws, or the signal's reason; `stop` ends what was begun. */
  async start(modules: readonly Module<C>[], signal: AbortSignal): Promise<void> {
    for (const module of modules) {
      signal.throwIfAborted();
      this.begun.push(module);
      await orAborted(module.start?.(signal), signal);
    }
  }

  /** In reverse. Never rejects: a module that fails or hangs is logged, and the others are stopped all the same. */
  async stop(): Promise<void> {
    const { logger, stop_ms = STOP_MS, total_ms = TOTAL_MS } = this.options;
    const end_ms = performance.now() + total_ms;
    for (let module = this.begun.pop(); module !== undefined; module = this.begun.pop()) {
      const { name } = module;
      const limit_ms = Math.max(LEAST_MS, Math.min(stop_ms, end_ms - performance.now()));
      try {
        if (!(await isDoneWithin(module.stop?.(), limit_ms)))
          logger.error({ part: name, ms: Math.round(limit_ms) }, 'a part does not stop: it is left behind');
      } catch (error) {
        logger.error({ part: name, err: error }, 'a part failed to stop');
      }
    }
  }

  /** All of them live by `next`, or, when one throws that, by `before` again. @throws what that one threw */
  configure(next: C, before: C): void {
    try {
      for (const module of this.begun) module.configure?.(next);
    } catch (error) {
      for (const module of this.begun) {
        try {
          module.configure?.(before);
        } catch (again) {
          const { logger } = this.options;
          logger.error(
            { part: module.name, err: again },
            'the configuration before it could not be taken over again',
          );
        }
      }
      throw error;
    }
  }

  /** The problems of all, and the reports by the names of the modules. One that throws is a problem itself. */
  health(viewer: Viewer): {
    problems: string[];
    reports: Record<string, NonNullable<ModuleHealth['report']>>;
  } {
    const problems: string[] = [];
    const reports: Record<string, NonNullable<ModuleHealth['report']>> = {};
    for (const module of this.begun) {
      try {
        const health = module.health?.(viewer);
        problems.push(...(health?.problems ?? []));
        if (health?.report !== undefined) reports[module.name] = health.report;
      } catch (error) {
        this.options.logger.error({ part: module.name, err: error }, 'a part cannot tell its health');
        problems.push(`${module.name}: its health cannot be told (the log has the error)`);
      }
    }
    return { problems, reports };
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
