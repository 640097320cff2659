import type { KillRequest } from '../actions/engine.js';
import type { Session } from '../agents/tracker/session.js';
import { alertEvent, alertReport } from '../api/alert-report.js';
import type {
  AgentReport,
  Explained,
  ExplainReport,
  HandHealth,
  HealthReport,
  HistoryReport,
  Reloaded,
} from '../api/contract.js';
import type { DaemonView, OwnedEvent } from '../api/services.js';
import { mayView, type View as PeerView } from '../api/socket/peer.js';
import type { Change } from '../config/change.js';
import type { Config } from '../config/schema.js';
import type { Prompt } from '../diagnosis/prompt.js';
import type { Question } from '../diagnosis/question.js';
import { cuts } from '../lib/files/bounded-read.js';
import type { FaultLog } from '../lib/log/faults.js';
import { PAGE_SIZE_BYTES, TICKS_PER_SECOND } from '../lib/os/boot.js';
import type { Users } from '../lib/os/users.js';
import { memoryOf } from '../lib/proc/process-memory.js';
import type { InTurns, Work } from '../lib/time/in-turns.js';
import { loopPauses } from '../lib/time/loop-pauses.js';
import { iso, now } from '../lib/time/time.js';
import type { ActionPlan, ActionResult, Person, Verdict } from '../model/action.js';
import type { Transition } from '../model/agent.js';
import type { Alert, AlertChange } from '../model/alert.js';
import type { Observation } from '../model/observation.js';
import type { Snapshot } from '../model/snapshot.js';
import { stateEvent } from '../model/state-event.js';
import type { WhitelistEntry } from '../rules/allowlist/whitelist.js';
import type { Sensor } from '../sources/kernel/sensor.js';
import { tryStat } from '../sources/procfs/read.js';
import type { Asker } from '../store/asker.js';
import type { ActionRow } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Guard } from './guard.js';
import { HiddenProcesses } from './hidden-processes.js';
import { historyReport } from './history-report.js';
import { KeptEvents } from './kept-events.js';
import type { AgentMonitor } from './monitor.js';
import { RecentUsage } from './recent-usage.js';
import type { Reloader } from './reload.js';
import { agentReport, explainReport } from './reports.js';
import type { Responder } from './responder.js';
import { healthFor, snapshotWithoutOthers, viewerOf, withoutOthers, withoutSender } from './viewer.js';

export interface ViewOptions {
  monitor: AgentMonitor;
  sensor: Sensor;
  users: Users;
  procRoot: string;
  version: string;
  /** Turn ends and requests of the agent that its person has not seen. */
  unseen(session: Session): number;
  guard: Guard;
  responder: Responder;
  reloader: Reloader;
  /** Null: no history is kept. */
  store: Store | null;
  hands(): HandHealth[];
  /** Problems that the daemon itself knows of, in words; `details`: for who sees everything. */
  problems(details: boolean): string[];
  faults: Pick<FaultLog, 'record'>;
}

/** Sessions without many processes that are told of between two turns of the event loop. */
const SESSIONS = 8;

/** What the daemon shows of itself to the API. */
export class View implements DaemonView {
  private readonly usage: RecentUsage;
  private readonly events = new KeptEvents();
  private readonly eventListeners = new Set<(event: OwnedEvent) => void>();
  private readonly observationListeners = new Set<(observation: Observation) => void>();
  private readonly machineListeners = new Set<(snapshot: Snapshot) => void>();
  private readonly hidden: HiddenProcesses;
  private readonly started_ms = now();
  private ownMemory_bytes = process.memoryUsage.rss();
  /** Loading took seconds of CPU before: percentages are of the time since then, while the machine was awake. */
  private readonly atStart = { cpu_s: ownCpu_s(), awake_ms: performance.now() };

  constructor(private readonly options: ViewOptions) {
    this.usage = new RecentUsage(options.procRoot);
    this.hidden = new HiddenProcesses(options.procRoot);
  }

  /** Tells everybody who listens of a change of state. */
  publish(transition: Transition, session: Session): void {
    this.tell({ uid: session.uid, event: stateEvent(transition) });
  }

  /** The same of an alert. */
  publishAlert(change: AlertChange): void {
    this.tell({ uid: change.alert.subject.uid, event: alertEvent(change), alert: change.alert });
  }

  private tell(owned: OwnedEvent): void {
    this.events.add(owned);
    this.emit('followers of events', this.eventListeners, owned);
  }

  /** One that throws takes nothing from the others. */
  private emit<T>(owner: string, listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.options.faults.record(owner, error);
      }
    }
  }

  machine(sees: PeerView): Snapshot | null {
    const { snapshot } = this.options.guard;
    return snapshot === null || !this.hidden.value
      ? snapshot
      : snapshotWithoutOthers(snapshot, viewerOf(sees));
  }

  /** Hands on a look at the machine to those who listen. */
  looked(snapshot: Snapshot): void {
    this.emit('followers of the machine', this.machineListeners, snapshot);
  }

  onMachine(listener: (snapshot: Snapshot) => void): () => void {
    this.machineListeners.add(listener);
    return () => void this.machineListeners.delete(listener);
  }

  async history(
    period_ms: number,
    buckets: number,
    uid: number | null,
    asker: Asker,
  ): Promise<HistoryReport | null> {
    const { store } = this.options;
    return store === null
      ? null
      : historyReport(store, asker, now() - period_ms, now(), buckets, uid, alert =>
          this.alertFor(alert, uid === null ? { kind: 'all' } : { kind: 'user', uid }),
        );
  }

  explainAlert(alert: Alert, sees: PeerView, inTurns: InTurns): Promise<Explained> {
    return this.options.responder.explainAlert(alert, sees, inTurns);
  }

  explainProcess(pid: number, sees: PeerView): Promise<Explained> {
    return this.options.responder.explainProcess(pid, sees);
  }

  promptFor(about: Question['about'], sees: PeerView): Prompt {
    return this.options.responder.prompt(about, sees);
  }

  previewKill(request: KillRequest, inTurns: InTurns): Promise<Verdict> {
    return this.options.responder.previewKill(request, inTurns);
  }

  kill(request: KillRequest, inTurns: InTurns): Promise<ActionResult> {
    return this.options.responder.kill(request, inTurns);
  }

  plans(alert: Alert, sees: PeerView, inTurns: InTurns): Promise<ActionPlan[]> {
    return this.options.responder.plans(alert, sees, inTurns);
  }

  executePlan(id: number, by: Person, inTurns: InTurns): Promise<ActionResult> {
    return this.options.responder.execute(id, by, inTurns);
  }

  async actions(limit: number, uid: number | null, asker: Asker): Promise<ActionRow[] | null> {
    const { store } = this.options;
    return (await store?.queryFor(asker, 'actionsOf', { from_ms: 0, to_ms: now() + 1 }, limit, uid)) ?? null;
  }

  paused(): boolean {
    return this.options.guard.isPaused;
  }

  pause(): void {
    this.options.guard.pause();
    this.options.responder.engine.pause();
  }

  resume(): void {
    this.options.guard.resume();
    this.options.responder.engine.resume();
  }

  clearAlerts(which: (alert: Alert) => boolean): number {
    return this.options.guard.clearAlerts(which).length;
  }

  whitelist(): readonly WhitelistEntry[] {
    return this.options.guard.whitelist();
  }

  addToWhitelist(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry> {
    return this.options.guard.addToWhitelist(entry);
  }

  removeFromWhitelist(id: number): Promise<boolean> {
    return this.options.guard.removeFromWhitelist(id);
  }

  config(): Config {
    return this.options.reloader.configured;
  }

  updateConfig(changes: readonly Change[]): Reloaded {
    return this.options.reloader.update(changes);
  }

  reloadConfig(): Reloaded {
    return this.options.reloader.reload();
  }

  openAlerts(): Alert[] {
    return this.options.guard.open();
  }

  async allAlerts(limit: number, uid: number | null, asker: Asker): Promise<Alert[]> {
    const kept = await this.options.store?.queryFor(
      asker,
      'alertsOf',
      { from_ms: 0, to_ms: now() + 1 },
      limit,
      uid,
    );
    if (kept != null) return kept;
    return this.knownAlerts()
      .sort((a, b) => b.id - a.id)
      .slice(0, limit);
  }

  async alert(id: number, asker: Asker): Promise<Alert | null> {
    const known = this.knownAlerts().find(alert => alert.id === id);
    return known ?? (await this.options.store?.queryFor(asker, 'alertById', id)) ?? null;
  }

  /** Those that need no history: the open ones, and what was resolved since the start. */
  private knownAlerts(): Alert[] {
    const { guard } = this.options;
    return [...guard.recentlyResolved(), ...guard.open()];
  }

  *agents(sees: PeerView): Work<AgentReport[]> {
    const sessions = this.options.monitor.sessions();
    this.usage.forgetAllBut(sessions);
    const reports: AgentReport[] = [];
    for (const session of sessions.filter(({ uid }) => mayView(sees, uid))) {
      reports.push(yield* this.report(session));
      if (reports.length % SESSIONS === 0) yield;
    }
    return reports;
  }

  *explain(pid: number): Work<ExplainReport | undefined> {
    const session = this.options.monitor.tracker.find(pid);
    if (session === undefined) return undefined;
    const report = yield* this.report(session);
    return explainReport(session, this.options.monitor.tracker.explain(session), report);
  }

  snapshot(): Work<Observation[]> {
    return this.options.monitor.snapshot();
  }

  /** Hands on what was observed to those who record. */
  observed(observation: Observation): void {
    this.emit('recorders', this.observationListeners, observation);
  }

  onObservation(listener: (observation: Observation) => void): () => void {
    this.observationListeners.add(listener);
    return () => void this.observationListeners.delete(listener);
  }

  private *report(session: Session): Work<AgentReport> {
    const usage = yield* this.usage.of(session);
    return agentReport(session, this.options.users, usage, this.options.unseen(session));
  }

  recentEvents(): OwnedEvent[] {
    return this.events.all();
  }

  eventFor(owned: OwnedEvent, sees: PeerView): OwnedEvent | null {
    if (sees.kind === 'all' || !this.hidden.value) return owned;
    const { uid, event, alert } = owned;
    if (event.type === 'agent_state') return { uid, event: withoutSender(event) };
    const told = alert === undefined ? null : this.alertFor(alert, sees);
    return told === null ? null : { uid, event: { ...event, alert: alertReport(told) }, alert: told };
  }

  agentFor(report: AgentReport, sees: PeerView): AgentReport {
    return sees.kind === 'all' || !this.hidden.value ? report : withoutSender(report);
  }

  alertFor(alert: Alert, sees: PeerView): Alert | null {
    return this.hidden.value ? withoutOthers(alert, viewerOf(sees)) : alert;
  }

  onEvent(listener: (event: OwnedEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => void this.eventListeners.delete(listener);
  }

  health(sees: PeerView): HealthReport {
    const sensor = this.options.sensor.health();
    const uptime_s = (now() - this.started_ms) / 1000;
    const { channels, model, actions } = this.options.responder.health();
    const awake_s = (performance.now() - this.atStart.awake_ms) / 1000;
    const bpftrace = this.bpftraceUsage(sensor.programs.map(program => program.pid));
    const report: HealthReport = {
      status: 'healthy',
      problems: [],
      version: this.options.version,
      pid: process.pid,
      started: iso(this.started_ms),
      uptime_s: Math.round(uptime_s),
      sensor,
      hands: this.options.hands(),
      agents: this.options.monitor.living().length,
      config: this.options.reloader.health(),
      collectors: this.options.guard.health(),
      history: this.options.store?.health() ?? null,
      channels,
      model,
      actions,
      open_alerts: this.options.guard.open().length,
      clients: 0,
      cpu_percent: percent(ownCpu_s() - this.atStart.cpu_s, awake_s),
      rss_bytes: this.ownMemory(),
      bpftrace_cpu_percent: percent(bpftrace.cpu_s, awake_s),
      bpftrace_rss_bytes: bpftrace.rss_bytes,
      loop: loopPauses.report(),
      reading: { cut: { ...cuts }, held: memoryOf(this.options.procRoot).hung() },
    };
    const seen = healthFor(report, sees);
    const problems = [...this.options.problems(sees.kind === 'all'), ...this.problemsIn(seen)];
    return { ...seen, problems, status: problems.length === 0 ? 'healthy' : 'degraded' };
  }

  /** Made from what the one who asks may see. */
  private problemsIn({ sensor, collectors, history, channels, config, hands }: HealthReport): string[] {
    const problems: string[] = [];
    for (const program of sensor.programs) {
      if (program.problem !== null) problems.push(`${program.name}: ${program.problem}`);
      problems.push(...program.missing.map(feature => `${program.name}: ${feature}`));
    }
    for (const { name, state, message } of collectors)
      if (state === 'failing') problems.push(`${name}: ${message}`);
    if (this.options.guard.isPaused) problems.push('the watch over the machine is paused: vigil resume');
    if (history?.problem != null) problems.push(`history: ${history.problem}`);
    for (const { name, trouble } of channels) if (trouble !== null) problems.push(`${name}: ${trouble}`);
    if (config.problem !== null) problems.push(config.problem);
    if (sensor.tier === 'procfs') problems.push(`no kernel events: ${sensor.tier_reason}`);
    for (const { user, problem } of hands)
      if (problem !== null) problems.push(`helper of ${user}: ${problem}`);
    return problems;
  }

  /** As it was, while there is no descriptor to read it by: that is when somebody asks. */
  private ownMemory(): number {
    try {
      this.ownMemory_bytes = process.memoryUsage.rss();
    } catch {
      // EMFILE
    }
    return this.ownMemory_bytes;
  }

  private bpftraceUsage(pids: (number | null)[]): { cpu_s: number; rss_bytes: number } {
    const total = { cpu_s: 0, rss_bytes: 0 };
    for (const pid of pids) {
      const stat = pid === null ? null : tryStat(this.options.procRoot, pid);
      if (stat === null) continue;
      total.cpu_s += stat.cpu_ticks / TICKS_PER_SECOND;
      total.rss_bytes += stat.rss_pages * PAGE_SIZE_BYTES;
    }
    return total;
  }
}

function ownCpu_s(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function percent(cpu_s: number, elapsed_s: number): number {
  return elapsed_s <= 0 ? 0 : Math.round((cpu_s / elapsed_s) * 10_000) / 100;
}
