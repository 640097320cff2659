import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../agents/tracker/session.js';
import type { Config } from '../config/schema.js';
import type { Logger } from '../lib/log/logger.js';
import { Lineage } from '../lib/process/lineage.js';
import { nextTurn } from '../lib/time/slices.js';
import { everySecond } from '../lib/time/ticker.js';
import { clock, now } from '../lib/time/time.js';
import type { Alert, AlertChange } from '../model/alert.js';
import type { KernelEvent, OomEvent } from '../model/kernel-event.js';
import type { ProcessRef, ProcessSample, Snapshot } from '../model/snapshot.js';
import { checkEntry, type WhitelistEntry } from '../rules/allowlist/whitelist.js';
import { RULES } from '../rules/checks/index.js';
import { RuleEngine } from '../rules/engine/engine.js';
import { sessionKey } from '../rules/engine/history.js';
import { addressSpaceLeft, MemoryLimits } from '../sources/host/cgroup/limits.js';
import { CollectorDriver } from '../sources/host/driver.js';
import type { CollectorHealth, HealthRecord } from '../sources/host/health.js';
import { COLLECTORS } from '../sources/host/index.js';
import { MemoryWatch } from '../sources/host/memory-watch.js';
import { socketsOf } from '../sources/host/network/sockets.js';
import { ProcessCollector, sessionRef } from '../sources/host/processes.js';
import { ProcessTable } from '../sources/procfs/table.js';
import type { Store } from '../store/store.js';
import { EventBacklog } from './event-backlog.js';
import { Recall } from './recall.js';
import { RecentExecs } from './recent-execs.js';
import { StormWatch } from './storm-watch.js';

export interface GuardOptions {
  config: Config;
  logger: Logger;
  /** `/proc` and `/sys`. */
  roots: { proc: string; sys: string };
  /** Null: no history is kept. */
  store: Store | null;
  sessions(): readonly Session[];
  /** A helper that serves several sessions by design. */
  isShared(pid: number): boolean;
  /** What people and machines are to be told, in this order. */
  onChanges(changes: readonly AlertChange[]): void;
  /** Open alerts of the run before were taken over; all that are open now. */
  onRestored(open: readonly Alert[]): void;
  /** The trouble of these alerts of the run before was found again: they are no change, and yet there. */
  onFoundAgain(alerts: readonly Alert[]): void;
  onSnapshot(snapshot: Snapshot): void;
}

const SAVE_BASELINE_MS = 600_000;
const SOCKETS_MS = 30_000;
/** What follows a kill for want of memory is looked at as closely as an open alert. */
const CLOSELY_AFTER_OOM_MS = 10_000;
/** The journal tells the cause of a kill within a few hundred milliseconds. */
const SOON_MS = 1_000;
/** While memory goes fast: looks so far apart, but never so close that they are all that is done. */
const HASTE_MS = 500;
const REST_FACTOR = 5;
/** So long after it last went fast. */
const HASTE_FOR_MS = 5_000;
/** Where memory goes briskly, below the limit of a control group perhaps. */
const BRISK_MS = 4_000;
/** What will be used up within so long is looked at closely. */
const CLOSELY_BELOW_MS = 90_000;
/** Resolved alerts that are kept in memory, for who has no history. */
const RESOLVED_KEPT = 200;

/** A change that is in effect, and would be gone if vigil ended now. */
export class NotWrittenError extends Error {
  override readonly name = 'NotWrittenError';
  constructor(what: string) {
    super(
      `${what} as long as vigil runs, but it could not be written down yet: vigil health says why, and it is tried again`,
    );
  }
}

/**
 * Watches the machine: samples it, lets the rules judge, keeps the history. More often while something is
 * wrong. Kernel events make lineage exact; the samples are enough without them.
 */
export class Guard {
  readonly rules: RuleEngine;
  /** Null: there is no history. */
  private readonly recall: Recall | null;
  private readonly table: ProcessTable;
  private readonly lineage: Lineage<Session>;
  private readonly processes: ProcessCollector;
  private readonly driver: CollectorDriver;
  private readonly processesHealth: HealthRecord;
  /** What happened since the last look. */
  private readonly backlog = new EventBacklog();
  private lastOomKill_ms = Number.NEGATIVE_INFINITY;
  private readonly execs = new RecentExecs();
  private readonly resolved: Alert[] = [];
  private last: Snapshot | null = null;
  private readonly watch: MemoryWatch;
  private readonly limits: MemoryLimits;
  /** Pids of processes that take memory, as of the last look. */
  private growers: readonly number[] = [];
  private endWatch: (() => void) | null = null;
  private hasteUntil_ms = Number.NEGATIVE_INFINITY;
  private lookedAt_ms = Number.NEGATIVE_INFINITY;
  private lookTook_ms = 0;
  private sockets = new Map<string, SocketCounts>();
  private socketsAt_ms = Number.NEGATIVE_INFINITY;
  private baselineSaved_ms = now();
  /** Of each cell of the baseline: what it held when it was written down. */
  private readonly savedCells = new Map<string, string>();
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private paused = false;
  private stopped = false;
  private ownIds = 0;
  private failing = false;
  private config: Config;

  constructor(private readonly options: GuardOptions) {
    const { config, logger, roots, store } = options;
    this.config = config;
    this.table = new ProcessTable({ root: roots.proc });
    this.lineage = new Lineage<Session>(pid => options.isShared(pid));
    this.processes = new ProcessCollector(this.table, this.lineage);
    this.driver = new CollectorDriver({
      collectors: COLLECTORS,
      switches: config.collectors,
      logger,
      boot_ms: clock.boot_ms,
      roots,
    });
    this.processesHealth = this.driver.record('processes', () => this.left());
    this.watch = new MemoryWatch(roots.proc);
    this.limits = new MemoryLimits(roots.proc);
    this.rules = new RuleEngine({
      rules: RULES,
      config,
      interval_ms: config.sampling.sample_interval_normal_s * 1000,
      self_pid: process.pid,
      nextId: () => store?.nextAlertId() ?? ++this.ownIds,
      onRuleError: (rule, error) => logger.error({ rule, err: error }, 'a rule failed'),
      onSlowPattern: pattern =>
        logger.warn(
          { pattern },
          'a pattern of the whitelist takes too long: it is out of use until the next start',
        ),
    });
    const late = () => {
      options.onRestored(this.open());
      this.tell(this.rules.applyWhitelist(now()));
    };
    this.recall = store === null ? null : new Recall({ store, rules: this.rules, logger, late });
  }

  /** The latest look at the machine; null before the first. */
  get snapshot(): Snapshot | null {
    return this.last;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  async start(): Promise<void> {
    await this.recall?.start();
    if (this.stopped) return;
    const storm = new StormWatch(this.options.roots.proc, availableParallelism());
    this.endWatch = everySecond('the guard', () => {
      this.watchMemory();
      if (storm.look()) this.lookNow();
    });
    await this.tick();
    if (this.recall?.done) this.options.onRestored(this.open());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.endWatch?.();
    this.watch.stop();
    this.recall?.stop();
    await this.looking;
    this.saveBaseline();
    this.processes.stop();
    await this.driver.stop();
  }

  /** Takes over another configuration; nothing is forgotten. */
  configure(config: Config): void {
    const before = this.config.sampling;
    this.config = config;
    const interval_ms = config.sampling.sample_interval_normal_s * 1000;
    this.driver.configure(config.collectors);
    this.tell(this.rules.configure(config, interval_ms, now()));
    if (isDeepStrictEqual(before, config.sampling) || this.timer === null) return;
    clearTimeout(this.timer);
    this.wait();
  }

  /** A kernel event, after the tracker took it in. `session`: whom the tracker gives its process to. */
  hear(event: KernelEvent, session: Session | undefined): void {
    if (event.type === 'oom') {
      this.backlog.add([this.oomKill(event, session)]);
      this.lookSoon();
    } else if (event.type === 'fork' || event.type === 'exec' || event.type === 'exit') {
      this.processes.hear(event, session);
      this.execs.hear(event);
    }
  }

  /** Open alerts, oldest first. */
  open(): Alert[] {
    return this.rules.alerts.open;
  }

  /** Alerts that were resolved since the start, the latest last. */
  recentlyResolved(): readonly Alert[] {
    return this.resolved;
  }

  /** Nothing is looked at until `resume`. Open alerts stay as they are. */
  pause(): void {
    this.paused = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  resume(): void {
    if (!this.paused || this.stopped) return;
    this.paused = false;
    void this.tick();
  }

  /** Resolves all open alerts; what is still bad opens anew in its time. */
  clearAlerts(which: (alert: Alert) => boolean): AlertChange[] {
    const changes = this.rules.alerts.withdraw(now(), which);
    this.tell(changes);
    return changes;
  }

  whitelist(): readonly WhitelistEntry[] {
    return this.rules.whitelist.list();
  }

  /**
   * Resolves when it is on the disk. Rejects with a text for the person when the entry is refused, and with
   * NotWrittenError when it holds and could not be written down.
   */
  async addToWhitelist(
    entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>,
  ): Promise<WhitelistEntry> {
    const { store } = this.options;
    const wrong = checkEntry(entry);
    if (wrong !== null) throw new Error(wrong);
    const same = this.whitelist().find(
      ({ pattern, match_type }) => pattern === entry.pattern && match_type === entry.match_type,
    );
    if (store === null && same !== undefined) return same;
    const change =
      store === null
        ? { row: { ...entry, id: ++this.ownIds, created_ms: now() }, written: Promise.resolve(true) }
        : store.addToWhitelist(entry);
    if (change === null) throw new Error('there are too many entries: remove some first');
    const added = same ?? { ...change.row, reason: change.row.reason ?? '' };
    if (same === undefined) {
      this.rules.whitelist.add(added);
      this.tell(this.rules.applyWhitelist(now()));
    }
    if (!(await change.written)) throw new NotWrittenError('the entry holds');
    return added;
  }

  /** Resolves when it is on the disk. False: there is no such entry. Rejects as `addToWhitelist` does. */
  async removeFromWhitelist(id: number): Promise<boolean> {
    const change = this.options.store?.removeFromWhitelist(id) ?? null;
    const removed = this.rules.whitelist.remove(id);
    this.tell(this.rules.applyWhitelist(now()));
    if (change !== null && !(await change.written)) throw new NotWrittenError('the entry is removed');
    return removed;
  }

  private left(): string | null {
    const { leftOut } = this.backlog;
    return leftOut === 0 ? null : `${leftOut} events were left out: too many between two looks`;
  }

  health(): CollectorHealth[] {
    return this.driver.health();
  }

  /** Memory that goes fast is gone before the next regular look. */
  private watchMemory(): void {
    const time_ms = now();
    const haste = this.watch.look(time_ms);
    if (haste === null || this.timer === null) return;
    const first = time_ms >= this.hasteUntil_ms;
    if (haste === 'soon') this.hasteUntil_ms = time_ms + HASTE_FOR_MS;
    else if (time_ms - this.lookedAt_ms < BRISK_MS) return;
    // Between two looks what was still is read seldom.
    if (first) this.processes.readAll();
    else if (haste === 'soon') return;
    clearTimeout(this.timer);
    const since_ms = time_ms - this.lookedAt_ms;
    this.timer = setTimeout(() => void this.tick(), Math.max(0, this.pause_ms(HASTE_MS) - since_ms));
  }

  /** Never so short that looking is all that is done. */
  private pause_ms(wanted_ms: number): number {
    return Math.max(wanted_ms, this.lookTook_ms * REST_FACTOR);
  }

  private tick(): Promise<void> {
    this.timer = null;
    this.looking ??= this.lookAndWait().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookAndWait(): Promise<void> {
    if (this.stopped || this.paused) return;
    const begin_ms = performance.now();
    this.lookedAt_ms = now();
    try {
      await this.look();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.options.logger.error({ err: error }, 'looking at the machine failed');
      this.failing = true;
    }
    this.lookTook_ms = performance.now() - begin_ms;
    this.wait();
  }

  private wait(): void {
    if (this.stopped || this.paused) return;
    const { sample_interval_alert_s, sample_interval_normal_s } = this.config.sampling;
    const closely = this.open().length > 0 || now() - this.lastOomKill_ms < CLOSELY_AFTER_OOM_MS;
    const interval_ms = (closely ? sample_interval_alert_s : sample_interval_normal_s) * 1000;
    const haste = now() < this.hasteUntil_ms;
    this.timer = setTimeout(
      () => void this.tick(),
      haste ? this.pause_ms(Math.min(HASTE_MS, interval_ms)) : interval_ms,
    );
  }

  /** Somebody was killed for want of memory: that is told at once, or nearly so, since the journal tells why. */
  private lookSoon(): void {
    const known = now() - this.lastOomKill_ms < CLOSELY_AFTER_OOM_MS;
    this.lastOomKill_ms = now();
    if (known || this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => void this.tick(),
      Math.min(SOON_MS, this.config.sampling.sample_interval_normal_s * 1000),
    );
  }

  /** Processes multiply: told within seconds, or by nobody. */
  private lookNow(): void {
    const pause_ms = Math.max(SOON_MS * 0.9, this.lookTook_ms * 2);
    if (this.timer === null || now() - this.lookedAt_ms < pause_ms) return;
    clearTimeout(this.timer);
    void this.tick();
  }

  private async look(): Promise<void> {
    const { store, onSnapshot, sessions } = this.options;
    const time_ms = now();
    const { host, events } = this.driver.round(time_ms);
    this.backlog.add(events);
    const outcome = await this.processesHealth.runAside(() =>
      this.processes.collectAside(time_ms, sessions, this.growers),
    );
    // Without processes everything would seem to have ended.
    if (outcome.how !== 'said' || this.stopped || this.paused) return;
    const found = outcome.value;
    await nextTurn();
    this.readSockets(time_ms, found.sessions);
    this.growers = this.limits.growers(found.processes, time_ms);
    const snapshot: Snapshot = {
      time_ms,
      host,
      processes: this.withRoom(found.processes),
      limits: this.limits.sample(this.growers, time_ms),
      sessions: found.sessions.map(session => ({
        ...session,
        sockets: this.sockets.get(sessionKey(session)) ?? null,
      })),
      events: this.backlog.waiting,
    };
    this.last = snapshot;
    store?.addSnapshot(snapshot);
    onSnapshot(snapshot);
    await nextTurn();
    const changes = await this.rules.takeAside(snapshot);
    this.backlog.taken(snapshot.events);
    this.tell(changes);
    if (this.rules.memoryEndsIn_ms(time_ms) < CLOSELY_BELOW_MS) this.hasteUntil_ms = time_ms + HASTE_FOR_MS;
    const again = this.rules.foundAgain();
    if (again.length > 0) this.options.onFoundAgain(again);
    if (time_ms - this.baselineSaved_ms >= SAVE_BASELINE_MS) this.saveBaseline();
  }

  /** Those that grow, with what their own limits leave them. */
  private withRoom(processes: readonly ProcessSample[]): readonly ProcessSample[] {
    const growers = new Set(this.growers);
    if (growers.size === 0) return processes;
    return processes.map(row => {
      const room_bytes = growers.has(row.pid) ? addressSpaceLeft(this.options.roots.proc, row) : null;
      return room_bytes === null ? row : { ...row, room_bytes };
    });
  }

  private tell(changes: readonly AlertChange[]): void {
    if (changes.length === 0) return;
    for (const { type, alert } of changes) {
      this.options.store?.putAlert(alert);
      if (type === 'alert_resolved') this.resolved.push(alert);
      if (type === 'alert_opened') this.recall?.hear(alert);
    }
    if (this.resolved.length > RESOLVED_KEPT) this.resolved.splice(0, this.resolved.length - RESOLVED_KEPT);
    this.options.onChanges(changes);
  }

  private oomKill(event: OomEvent, session: Session | undefined) {
    const row = this.table.get(event.pid);
    // The table may know it as what it was before its last exec, without arguments, or not at all.
    const { pid, uid, comm, cmdline } = this.execs.get(event.pid) ?? row ?? unknownProcess(event.pid);
    const victim: ProcessRef = { pid, start_ticks: row?.start_ticks ?? 0, uid, comm, cmdline };
    const origin = session ?? this.lineage.of(event.pid);
    return {
      type: 'oom_kill' as const,
      time_ms: event.time_ms,
      victim,
      session: origin === undefined ? null : sessionRef(origin),
      // 0: the table looked when its memory was gone already.
      rss_bytes: row?.rss_bytes || null,
      cgroup: null,
      source: 'kernel' as const,
    };
  }

  /** In the background: the next snapshot has them. */
  private readSockets(
    time_ms: number,
    sessions: readonly { pid: number; start_ticks: number; pids: readonly number[] }[],
  ): void {
    if (sessions.length === 0 || time_ms - this.socketsAt_ms < SOCKETS_MS) return;
    this.socketsAt_ms = time_ms;
    const tables = new Map();
    const read = sessions.map(
      async session =>
        [sessionKey(session), await socketsOf(this.options.roots.proc, session.pids, tables)] as const,
    );
    void Promise.all(read).then(counts => {
      this.sockets = new Map(counts);
    });
  }

  private saveBaseline(): void {
    this.baselineSaved_ms = now();
    const { store } = this.options;
    // What an earlier run learned must not be lost to a few minutes of this one.
    if (store === null || !this.recall?.done) return;
    for (const { key, hour, state } of this.rules.saveBaseline()) {
      const id = `${key} ${hour}`;
      const text = JSON.stringify(state);
      if (this.savedCells.get(id) === text) continue;
      this.savedCells.set(id, text);
      store.saveBaseline(key, hour, state);
    }
  }
}

type SocketCounts = Readonly<Record<string, number>> | null;

function unknownProcess(pid: number): ProcessRef {
  return { pid, start_ticks: 0, uid: 0, comm: '?', cmdline: '?' };
}
