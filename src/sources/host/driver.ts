import type { HostSample, MachineEvent } from '../../model/snapshot.js';
import type { Collector, CollectorDefinition, Context, Part, Roots } from './collector.js';
import { type CollectorHealth, type HealthLogger, HealthRecord } from './health.js';

export interface DriverOptions {
  collectors: readonly CollectorDefinition[];
  /** By id, as in `configure`. */
  switches?: Switches;
  logger: HealthLogger;
  boot_ms: number;
  roots?: Roots;
  /** Counts milliseconds; only differences matter. */
  clock?: () => number;
}

/** Which collectors are on, by their id; those that are not named are. */
export type Switches = Readonly<Record<string, boolean>>;

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

interface Slot {
  definition: CollectorDefinition;
  record: HealthRecord;
  /** Null: it is switched off. */
  collector: Collector | null;
  part: Part | null;
  due_ms: number;
}

/**
 * Asks all collectors, one after the other: times each, keeps what each last said, and lets none of them
 * stop the others. What failed says nothing until it works again: an old value would pass for a present one.
 */
export class CollectorDriver {
  private readonly slots: Slot[];
  private readonly others: { record: HealthRecord; note: () => string | null }[] = [];
  private readonly roots: Roots;
  private readonly clock: () => number;
  private readonly empty: HostSample;
  /** Those that were switched off and have not ended yet. */
  private ending: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DriverOptions) {
    const { collectors, boot_ms, switches = {} } = options;
    this.roots = options.roots ?? { proc: '/proc', sys: '/sys' };
    this.clock = options.clock ?? (() => performance.now());
    this.empty = Object.assign({}, ...collectors.map(({ empty }) => empty), { boot_ms });
    this.slots = collectors.map(definition => ({
      definition,
      record: this.newRecord(definition.id),
      collector: definition.create(),
      part: null,
      due_ms: Number.NEGATIVE_INFINITY,
    }));
    this.configure(switches);
  }

  /** Switches collectors on and off. One that is on again begins anew. */
  configure(switches: Switches): void {
    for (const slot of this.slots) {
      const on = switches[slot.definition.id] ?? true;
      if (on === (slot.collector !== null)) continue;
      if (slot.collector !== null) this.ending = Promise.allSettled([this.ending, slot.collector.stop?.()]);
      slot.collector = on ? slot.definition.create() : null;
      slot.part = null;
      slot.due_ms = Number.NEGATIVE_INFINITY;
      slot.record.switched(on);
    }
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
    for (const slot of this.slots) {
      const { collector, definition } = slot;
      if (collector === null || now_ms < slot.due_ms - EARLY_MS) continue;
      const outcome = slot.record.run(() => collector.collect(context));
      const absent = outcome.how === 'absent';
      slot.due_ms = now_ms + (absent ? ABSENT_RETRY_MS : (definition.at_least_ms ?? 0));
      slot.part = outcome.how === 'said' ? outcome.value : null;
      for (const event of slot.part?.events ?? []) if (events.length < MAX_EVENTS) events.push(event);
    }
    return { host: this.joined(), events };
  }

  health(): CollectorHealth[] {
    return [
      ...this.slots.map(({ collector, record }) => record.health(collector?.note?.() ?? null)),
      ...this.others.map(({ record, note }) => record.health(note())),
    ];
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.ending, ...this.slots.map(({ collector }) => collector?.stop?.())]);
  }

  private newRecord(name: string): HealthRecord {
    return new HealthRecord(name, this.options.logger, this.clock);
  }

  /** Lists of several collectors are joined, in the order of the collectors; of single values there is one. */
  private joined(): HostSample {
    const host: Record<string, unknown> = { ...this.empty };
    for (const { part } of this.slots) {
      for (const [field, value] of Object.entries(part ?? {})) {
        if (field === 'events') continue;
        const before = host[field];
        host[field] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
      }
    }
    return host as unknown as HostSample;
  }
}
