import type { KillRequest } from '../actions/engine.js';
import type { Session } from '../agents/tracker/session.js';
import { alertEvent, alertReport } from '../api/alert-report.js';
import type {
  AgentReport,
  Explained,
  ExplainReport,
  HealthReport,
  HistoryReport,
  Reloaded,
} from '../api/contract.js';
import type { DaemonView, OwnedEvent } from '../api/services.js';
import { mayView, type View as PeerView } from '../api/socket/peer.js';
import type { Bus } from '../bus.js';
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
import type { Alert } from '../model/alert.js';
import type { Observation } from '../model/observation.js';
import type { Snapshot } from '../model/snapshot.js';
import { stateEvent } from '../model/state-event.js';
import type { Channels } from '../outputs/channels/channels.js';
import type { HelperPool } from '../outputs/helpers/helper-pool.js';
import type { WhitelistEntry } from '../rules/allowlist/whitelist.js';
import type { Sensor } from '../sources/kernel/sensor.js';
import { tryStat } from '../sources/procfs/read.js';
import type { Asker } from '../store/asker.js';
import type { ActionRow } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { AgentMonitor } from './agents/agent-monitor.js';
import type { Actions } from './alerts/actions.js';
import type { AlertExplainer } from './alerts/alert-explainer.js';
import type { AlertRules } from './alerts/alert-rules.js';
import type { Whitelist } from './alerts/whitelist.js';
import type { HiddenProcesses } from './hidden-processes.js';
import { historyReport } from './history-report.js';
import type { HostMonitor } from './host/host-monitor.js';
import { KeptEvents } from './kept-events.js';
import type { Modules } from './lifecycle/modules.js';
import type { ConfigReloader } from './lifecycle/reload.js';
import { RecentUsage } from './recent-usage.js';
import { agentReport, explainReport } from './reports.js';
import { snapshotWithoutOthers, viewerOf, withoutOthers, withoutSender } from './viewer.js';

export interface ViewOptions {
  bus: Bus;
  faults: Pick<FaultLog, 'record'>;
  users: Users;
  procRoot: string;
  version: string;
  modules: Pick<Modules<Config>, 'health'>;
  sensor: Sensor;
  monitor: AgentMonitor;
  helpers: HelperPool;
  host: HostMonitor;
  alerts: AlertRules;
  whitelist: Whitelist;
  actions: Actions;
  explainer: AlertExplainer;
  channels: Channels;
  configuration: ConfigReloader;
  hidden: HiddenProcesses;
  /** Null: no history is kept. */
  store: Store | null;
}

/** Sessions without many processes that are told of between two turns of the event loop. */
const SESSIONS = 8;

/** What the daemon shows of itself to the API. */
export class View implements DaemonView {
  readonly name = 'events';
  private readonly usage: RecentUsage;
  private readonly events = new KeptEvents();
  private readonly eventListeners = new Set<(event: OwnedEvent) => void>();
  private readonly hidden: HiddenProcesses;
  private readonly ends: readonly (() => void)[];
  private readonly started_ms = now();
  private ownMemory_bytes = process.memoryUsage.rss();
  /** Loading took seconds of CPU before: percentages are of the time since then, while the machine was awake. */
  private readonly atStart = { cpu_s: ownCpu_s(), awake_ms: performance.now() };

  constructor(private readonly options: ViewOptions) {
    this.usage = new RecentUsage(options.procRoot);
    this.hidden = options.hidden;
    const { bus } = options;
    this.ends = [
      bus.on(this.name, 'agent.transition', ({ transition, uid }) =>
        this.tell({ uid, event: stateEvent(transition) }),
      ),
      bus.on(this.name, 'alert.changed', change =>
        this.tell({ uid: change.alert.subject.uid, event: alertEvent(change), alert: change.alert }),
      ),
    ];
  }

  stop(): void {
    for (const end of this.ends) end();
  }

  /** One that throws takes nothing from the others. */
  private tell(owned: OwnedEvent): void {
    this.events.add(owned);
    for (const listener of this.eventListeners) {
      try {
        listener(owned);
      } catch (error) {
        this.options.faults.record('followers of events', error);
      }
    }
  }

  machine(sees: PeerView): Snapshot | null {
    const { latest: snapshot } = this.options.host;
    return snapshot === null || !this.hidden.value
      ? snapshot
      : snapshotWithoutOthers(snapshot, viewerOf(sees));
  }

  onMachine(listener: (snapshot: Snapshot) => void): () => void {
    return this.options.bus.on('followers of the machine', 'machine.snapshot', listener);
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
    return this.options.explainer.explainAlert(alert, sees, inTurns);
  }

  explainProcess(pid: number, sees: PeerView): Promise<Explained> {
    return this.options.explainer.explainProcess(pid, sees);
  }

  promptFor(about: Question['about'], sees: PeerView): Prompt {
    return this.options.explainer.prompt(about, sees);
  }

  previewKill(request: KillRequest, inTurns: InTurns): Promise<Verdict> {
    return this.options.actions.previewKill(request, inTurns);
  }

  kill(request: KillRequest, inTurns: InTurns): Promise<ActionResult> {
    return this.options.actions.kill(request, inTurns);
  }

  plans(alert: Alert, sees: PeerView, inTurns: InTurns): Promise<ActionPlan[]> {
    return this.options.actions.plans(alert, sees, inTurns);
  }

  executePlan(id: number, by: Person, inTurns: InTurns): Promise<ActionResult> {
    return this.options.actions.execute(id, by, inTurns);
  }

  async actions(limit: number, uid: number | null, asker: Asker): Promise<ActionRow[] | null> {
    const { store } = this.options;
    return (await store?.queryFor(asker, 'actionsOf', { from_ms: 0, to_ms: now() + 1 }, limit, uid)) ?? null;
  }

  paused(): boolean {
    return this.options.host.isPaused;
  }

  pause(): void {
    this.options.host.pause();
    this.options.actions.pause();
  }

  resume(): void {
    this.options.host.resume();
    this.options.actions.resume();
  }

  clearAlerts(which: (alert: Alert) => boolean): number {
    return this.options.alerts.clear(which);
  }

  whitelist(): readonly WhitelistEntry[] {
    return this.options.whitelist.list();
  }

  addToWhitelist(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry> {
    return this.options.whitelist.add(entry);
  }

  removeFromWhitelist(id: number): Promise<boolean> {
    return this.options.whitelist.remove(id);
  }

  config(): Config {
    return this.options.configuration.configured;
  }

  updateConfig(changes: readonly Change[]): Reloaded {
    return this.options.configuration.update(changes);
  }

  reloadConfig(): Reloaded {
    return this.options.configuration.reload();
  }

  openAlerts(): Alert[] {
    return this.options.alerts.open();
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
    const { alerts } = this.options;
    return [...alerts.resolved(), ...alerts.open()];
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

  onObservation(listener: (observation: Observation) => void): () => void {
    return this.options.bus.on('recorders', 'agent.observation', listener);
  }

  private *report(session: Session): Work<AgentReport> {
    const usage = yield* this.usage.of(session);
    return agentReport(session, this.options.users, usage, this.options.helpers.unseen(session));
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
    const { problems, reports } = this.options.modules.health(sees);
    const sensor = this.options.sensor.health();
    const uptime_s = (now() - this.started_ms) / 1000;
    const awake_s = (performance.now() - this.atStart.awake_ms) / 1000;
    const bpftrace = this.bpftraceUsage(sensor.programs.map(program => program.pid));
    return {
      status: problems.length === 0 ? 'healthy' : 'degraded',
      problems,
      version: this.options.version,
      pid: process.pid,
      started: iso(this.started_ms),
      uptime_s: Math.round(uptime_s),
      sensor,
      hands: this.options.helpers.states(sees),
      modules: reports,
      agents: this.options.monitor.living().length,
      config: this.options.configuration.state(sees),
      collectors: this.options.host.collectors(),
      history: this.options.store?.health() ?? null,
      channels: this.options.channels.states(sees),
      model: this.options.explainer.state(),
      actions: this.options.actions.state(),
      open_alerts: this.options.alerts.open().length,
      clients: 0,
      cpu_percent: percent(ownCpu_s() - this.atStart.cpu_s, awake_s),
      rss_bytes: this.ownMemory(),
      bpftrace_cpu_percent: percent(bpftrace.cpu_s, awake_s),
      bpftrace_rss_bytes: bpftrace.rss_bytes,
      loop: loopPauses.report(),
      reading: { cut: { ...cuts }, held: sees.kind === 'all' ? memoryOf(this.options.procRoot).hung() : [] },
    };
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
