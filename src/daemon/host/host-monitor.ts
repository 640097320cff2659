import { availableParallelism } from 'node:os';
import { serversOf } from '../../agents/tracker/conversations.js';
import type { Session } from '../../agents/tracker/session.js';
import type { Tracker } from '../../agents/tracker/tracker.js';
import type { Bus } from '../../bus.js';
import type { Config } from '../../config/schema.js';
import type { Logger } from '../../lib/log/logger.js';
import { isOomDaemon } from '../../lib/process/inits.js';
import { Lineage } from '../../lib/process/lineage.js';
import { nextTurn } from '../../lib/time/slices.js';
import { onTick } from '../../lib/time/ticker.js';
import { clock, now } from '../../lib/time/time.js';
import type { KernelEvent, OomEvent } from '../../model/kernel-event.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { MachineEvent, ProcessRef, ProcessSample, Snapshot } from '../../model/snapshot.js';
import { addressSpaceLeft, MemoryLimits } from '../../sources/host/cgroup/limits.js';
import { CollectorDriver } from '../../sources/host/driver.js';
import type { CollectorHealth, HealthRecord } from '../../sources/host/health.js';
import { COLLECTORS } from '../../sources/host/index.js';
import { MemoryWatch } from '../../sources/host/memory-watch.js';
import { ProcessCollector, sessionRef } from '../../sources/host/processes.js';
import { ProcessTable } from '../../sources/procfs/table.js';
import { EventBacklog } from './event-backlog.js';
import { LookTimer, type Sampling } from './look-timer.js';
import { OpenFileLimits } from './open-file-limits.js';
import { RecentExecs } from './recent-execs.js';
import { SessionSockets } from './session-sockets.js';
import { Stayers } from './stayers.js';
import { StormWatch } from './storm-watch.js';

/** Whose word decides how closely the machine is looked at: the rules. */
export interface Judge {
  /** Resolves when the last snapshot was judged; rejects when it could not be: then it counts as not looked at. */
  judged(): Promise<void>;
  readonly isTroubled: boolean;
  /** When some memory is used up at the present pace; infinite: none gets less. */
  memoryEndsIn_ms(time_ms: number): number;
}

type HostConfig = Pick<Config, 'collectors'> & { sampling: Sampling };

export interface HostMonitorOptions {
  config: HostConfig;
  logger: Logger;
  /** `/proc` and `/sys`. */
  roots: { proc: string; sys: string };
  bus: Bus;
  agents: Pick<Tracker, 'sessions' | 'find' | 'wantsFacts'>;
  judge: Judge;
}

/** What will be used up within so long is looked at closely. */
const CLOSELY_BELOW_MS = 90_000;

/**
 * Looks at the machine: `machine.snapshot`. More often while something is wrong. Kernel events make lineage exact; the
 * samples are enough without them.
 */
export class HostMonitor implements Module<HostConfig> {
  readonly name = 'machine';
  private readonly table: ProcessTable;
  private readonly lineage: Lineage<Session>;
  private readonly processes: ProcessCollector;
  private readonly driver: CollectorDriver;
  private readonly processesHealth: HealthRecord;
  /** What happened since the last look. */
  private readonly backlog = new EventBacklog();
  private readonly execs = new RecentExecs();
  private readonly memory: MemoryWatch;
  private readonly limits: MemoryLimits;
  private readonly sockets: SessionSockets;
  private readonly stayers: Stayers;
  private readonly openFiles: OpenFileLimits;
  private readonly timer: LookTimer;
  /** Pids of processes that take memory, as of the last look. */
  private growers: readonly number[] = [];
  private last: Snapshot | null = null;
  private endWatch = () => {};
  private readonly endEvents: () => void;

  constructor(private readonly options: HostMonitorOptions) {
    const { agents, bus, config, judge, logger, roots } = options;
    this.table = new ProcessTable({ root: roots.proc });
    this.lineage = new Lineage<Session>(pid => agents.wantsFacts(pid));
    this.processes = new ProcessCollector(this.table, this.lineage);
    this.driver = new CollectorDriver({
      collectors: COLLECTORS,
      switches: config.collectors,
      logger,
      boot_ms: clock.boot_ms,
      roots,
    });
    this.processesHealth = this.driver.record('processes', () => this.leftOut());
    this.memory = new MemoryWatch(roots.proc);
    this.limits = new MemoryLimits(roots.proc);
    this.sockets = new SessionSockets(roots.proc);
    this.stayers = new Stayers(roots.proc);
    this.openFiles = new OpenFileLimits(roots.proc);
    this.timer = new LookTimer({
      sampling: config.sampling,
      logger,
      look: () => this.look(),
      isTroubled: () => judge.isTroubled,
      // Between two looks what was still is read seldom.
      onHaste: () => this.processes.readAll(),
    });
    this.endEvents = bus.on(this.name, 'kernel.event', event => this.kernelEvent(event));
  }

  /** The latest look at the machine; null before the first. */
  get latest(): Snapshot | null {
    return this.last;
  }

  get isPaused(): boolean {
    return this.timer.isPaused;
  }

  async start(): Promise<void> {
    const storm = new StormWatch(this.options.roots.proc, availableParallelism());
    this.endWatch = onTick(this.name, () => {
      const time_ms = now();
      this.timer.memoryGoes(this.memory.look(time_ms), time_ms);
      if (storm.look()) this.timer.processesMultiply();
    });
    await this.timer.start();
  }

  async stop(): Promise<void> {
    this.endEvents();
    this.endWatch();
    this.memory.stop();
    await this.timer.stop();
    this.processes.stop();
    await this.driver.stop();
  }

  configure({ collectors, sampling }: HostConfig): void {
    this.driver.configure(collectors);
    this.timer.configure(sampling);
  }

  /** Nothing is looked at until `resume`. Open alerts stay as they are. */
  pause(): void {
    this.timer.pause();
  }

  resume(): void {
    this.timer.resume();
  }

  /** What the machine is asked for, and how that went. */
  collectors(): CollectorHealth[] {
    return this.driver.health();
  }

  health(): ModuleHealth {
    const problems = this.collectors()
      .filter(({ state }) => state === 'failing')
      .map(({ name, message }) => `${name}: ${message}`);
    if (this.isPaused) problems.push('the watch over the machine is paused: vigil resume');
    return { problems };
  }

  private leftOut(): string | null {
    const { leftOut } = this.backlog;
    return leftOut === 0 ? null : `${leftOut} events were left out: too many between two looks`;
  }

  /** After the tracker took it in: it knows whose process it is. */
  private kernelEvent(event: KernelEvent): void {
    if (event.type === 'oom') {
      this.backlog.add([this.oomKill(event, this.options.agents.find(event.pid))]);
      this.timer.killedForMemory();
      return;
    }
    if (event.type === 'exit' && event.sender !== null && this.isOomDaemon(event.sender)) {
      const kill = this.oomKill(
        { type: 'oom', time_ms: event.time_ms, pid: event.pid },
        this.options.agents.find(event.pid),
      );
      this.backlog.add([{ ...kill, by: event.sender.comm } as MachineEvent]);
      this.timer.killedForMemory();
    }
    if (event.type === 'fork' || event.type === 'exec' || event.type === 'exit') {
      this.processes.hear(event, this.options.agents.find(event.pid));
      this.execs.hear(event);
    }
  }

  private async look(): Promise<void> {
    const { agents, bus, judge } = this.options;
    const time_ms = now();
    const { host, events } = this.driver.round(time_ms);
    this.backlog.add(events);
    const outcome = await this.processesHealth.runAside(() =>
      this.processes.collectAside(time_ms, () => serversOf(agents.sessions()), this.growers),
    );
    // Without processes everything would seem to have ended.
    if (outcome.how !== 'said' || this.timer.isResting) return;
    const found = outcome.value;
    await nextTurn();
    this.sockets.read(time_ms, found.sessions);
    this.growers = this.limits.growers(found.processes, time_ms);
    const sessions = this.stayers.markAgents(found.sessions, time_ms);
    const snapshot: Snapshot = {
      time_ms,
      host,
      processes: this.openFiles.mark(this.stayers.mark(this.withRoom(found.processes), time_ms), time_ms),
      limits: this.limits.sample(this.growers, time_ms),
      sessions: sessions.map(session => ({ ...session, sockets: this.sockets.of(session) })),
      events: this.backlog.waiting,
    };
    this.last = snapshot;
    bus.emit('machine.snapshot', snapshot);
    await judge.judged();
    this.backlog.taken(snapshot.events);
    if (judge.memoryEndsIn_ms(time_ms) < CLOSELY_BELOW_MS) this.timer.hurry(time_ms);
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

  /** By its name, and by what nobody else can have: root's user or a service of the system. */
  private isOomDaemon({ pid, comm }: { pid: number; comm: string }): boolean {
    if (!isOomDaemon(comm)) return false;
    const row = this.table.get(pid);
    return row !== undefined && (row.uid === 0 || row.cgroup?.startsWith('/system.slice/') === true);
  }

  private oomKill(event: OomEvent, session: Session | undefined): MachineEvent {
    const row = this.table.get(event.pid);
    // The table may know it as what it was before its last exec, without arguments, or not at all.
    const { pid, uid, comm, cmdline } = this.execs.get(event.pid) ?? row ?? unknownProcess(event.pid);
    const victim: ProcessRef = { pid, start_ticks: row?.start_ticks ?? 0, uid, comm, cmdline };
    const origin = session ?? this.lineage.of(event.pid);
    return {
      type: 'oom_kill',
      time_ms: event.time_ms,
      victim,
      session: origin === undefined ? null : sessionRef(origin),
      // 0: the table looked when its memory was gone already.
      rss_bytes: row?.rss_bytes || null,
      cgroup: null,
      source: 'kernel',
    };
  }
}

function unknownProcess(pid: number): ProcessRef {
  return { pid, start_ticks: 0, uid: 0, comm: '?', cmdline: '?' };
}
