import { availableParallelism } from 'node:os';
import type { Collector, Context, Part, Roots } from './collector.js';
import { NotHere } from './collector.js';
import type { HostSample, MachineEvent } from './snapshot.js';

/** One line of the table that `vigil health` shows. */
export interface CollectorHealth {
  name: string;
  /** `new`: not asked yet. `absent`: this machine has no such thing. */
  state: 'new' | 'ok' | 'failing' | 'absent';
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

export interface DriverLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface DriverOptions {
  collectors: readonly Collector[];
  logger: DriverLogger;
  boot_ms: number;
  roots?: Roots;
  /** Counts milliseconds; only differences matter. */
  clock?: () => number;
}

export interface HostRound {
  host: HostSample;
  events: MachineEvent[];
}

/** What is absent is asked for again after so long: drivers are loaded, journals are installed. */
const ABSENT_RETRY_MS = 10 * 60_000;
/** More events than this of one round are left out. Collectors have bounds of their own. */
const MAX_EVENTS = 1_000;
/** Rounds are a little early or late; what is due within this is asked now. */
const EARLY_MS = 100;

interface Kept {
  collector: Collector;
  health: CollectorHealth;
  part: Part | null;
  due_ms: number;
}

/**
 * Asks all collectors, one after the other: times each, keeps what each last said, and lets none of them
 * stop the others. What failed says nothing until it works again: an old value would pass for a present one.
 */
export class CollectorDriver {
  private readonly kept: Kept[];
  private readonly roots: Roots;
  private readonly clock: () => number;

  constructor(private readonly options: DriverOptions) {
    this.roots = options.roots ?? { proc: '/proc', sys: '/sys' };
    this.clock = options.clock ?? (() => performance.now());
    this.kept = options.collectors.map(collector => ({
      collector,
      health: newHealth(collector.name),
      part: null,
      due_ms: Number.NEGATIVE_INFINITY,
    }));
  }

  start(): void {
    for (const kept of this.kept) {
      try {
        kept.collector.start?.();
      } catch (error) {
        this.failed(kept, error, Number.NEGATIVE_INFINITY);
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.kept.map(({ collector }) => collector.stop?.()));
  }

  /** Asks every collector that is due. */
  round(now_ms: number): HostRound {
    const events: MachineEvent[] = [];
    const context: Context = { roots: this.roots, now_ms };
    for (const kept of this.kept) {
      if (now_ms < kept.due_ms - EARLY_MS) continue;
      this.ask(kept, context);
      for (const event of kept.part?.events ?? []) if (events.length < MAX_EVENTS) events.push(event);
    }
    return { host: join(this.options.boot_ms, this.kept), events };
  }

  health(): CollectorHealth[] {
    return this.kept.map(({ collector, health }) => {
      const message = health.message ?? collector.note?.() ?? null;
      return { ...health, message };
    });
  }

  private ask(kept: Kept, context: Context): void {
    const { collector, health } = kept;
    kept.due_ms = context.now_ms + (collector.at_least_ms ?? 0);
    const before = this.clock();
    let part: Part | null = null;
    let error: unknown;
    let ok = false;
    try {
      part = collector.collect(context);
      ok = true;
    } catch (thrown) {
      error = thrown;
    }
    health.duration_us = Math.round((this.clock() - before) * 1000);
    health.longest_us = Math.max(health.longest_us, health.duration_us);
    health.runs++;
    kept.part = part;
    if (ok) this.worked(kept);
    else this.failed(kept, error, context.now_ms);
  }

  private worked({ health, part }: Kept): void {
    // Nothing to say is no sign of recovery: what works in the background may only have begun again.
    if (part === null && health.state !== 'new') return;
    if (health.state === 'failing' || health.state === 'absent') {
      this.options.logger.info({ collector: health.name }, 'collector works again');
    }
    health.state = 'ok';
    health.message = null;
    health.advice = null;
  }

  private failed(kept: Kept, error: unknown, now_ms: number): void {
    const { health } = kept;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 400);
    const absent = error instanceof NotHere;
    const state = absent ? 'absent' : 'failing';
    const known = health.state === state && (absent ? health.message === message : true);
    health.state = state;
    health.message = message;
    health.advice = absent ? error.advice : null;
    if (absent) kept.due_ms = now_ms + ABSENT_RETRY_MS;
    else health.failures++;
    if (known) return;
    if (absent) {
      const fields = { collector: health.name, why: message, advice: error.advice };
      this.options.logger.info(fields, 'nothing to collect here');
    } else this.options.logger.warn({ collector: health.name, why: message }, 'collector failed');
  }
}

function newHealth(name: string): CollectorHealth {
  return {
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

/** Lists of several collectors are joined, in the order of the collectors; of single values there is one. */
function join(boot_ms: number, kept: readonly Kept[]): HostSample {
  const host: HostSample = {
    boot_ms,
    cores: availableParallelism(),
    memory: null,
    pressure: null,
    cpu: null,
    temperatures: [],
    gpus: [],
    disks: [],
    filesystems: [],
    network: null,
    cgroups: [],
  };
  for (const { part } of kept) {
    if (part === null) continue;
    const { events: _, ...fields } = part;
    for (const [name, value] of Object.entries(fields)) {
      const field = name as keyof typeof fields;
      const before = host[field];
      const joined = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
      Object.assign(host, { [field]: joined });
    }
  }
  return host;
}
