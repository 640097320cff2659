import { availableParallelism } from 'node:os';
import type { HostSample, MachineEvent } from '../../model/snapshot.js';
import type { Collector, Context, Part, Roots } from './collector.js';
import { type CollectorHealth, type HealthLogger, HealthRecord } from './health.js';

export interface DriverOptions {
  collectors: readonly Collector[];
  logger: HealthLogger;
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
  record: HealthRecord;
  part: Part | null;
  due_ms: number;
}

/**
 * Asks all collectors, one after the other: times each, keeps what each last said, and lets none of them
 * stop the others. What failed says nothing until it works again: an old value would pass for a present one.
 */
export class CollectorDriver {
  private readonly kept: Kept[];
  private readonly others: { record: HealthRecord; note: () => string | null }[] = [];
  private readonly roots: Roots;
  private readonly clock: () => number;

  constructor(private readonly options: DriverOptions) {
    this.roots = options.roots ?? { proc: '/proc', sys: '/sys' };
    this.clock = options.clock ?? (() => performance.now());
    this.kept = options.collectors.map(collector => ({
      collector,
      record: this.newRecord(collector.name),
      part: null,
      due_ms: Number.NEGATIVE_INFINITY,
    }));
  }

  /** A record for what collects in a way of its own, e.g. the processes: shown in the same table. */
  record(name: string, note: () => string | null = () => null): HealthRecord {
    const record = this.newRecord(name);
    this.others.push({ record, note });
    return record;
  }

  /** Asks every collector that is due. */
  round(now_ms: number): HostRound {
    const events: MachineEvent[] = [];
    const context: Context = { roots: this.roots, now_ms };
    for (const kept of this.kept) {
      if (now_ms < kept.due_ms - EARLY_MS) continue;
      const outcome = kept.record.run(() => kept.collector.collect(context));
      const absent = outcome.how === 'absent';
      kept.due_ms = now_ms + (absent ? ABSENT_RETRY_MS : (kept.collector.at_least_ms ?? 0));
      kept.part = outcome.how === 'said' ? outcome.value : null;
      for (const event of kept.part?.events ?? []) if (events.length < MAX_EVENTS) events.push(event);
    }
    return { host: join(this.options.boot_ms, this.kept), events };
  }

  health(): CollectorHealth[] {
    return [
      ...this.kept.map(({ collector, record }) => record.health(collector.note?.() ?? null)),
      ...this.others.map(({ record, note }) => record.health(note())),
    ];
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.kept.map(({ collector }) => collector.stop?.()));
  }

  private newRecord(name: string): HealthRecord {
    return new HealthRecord(name, this.options.logger, this.clock);
  }
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
    tasks: null,
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
