import type { KillRequest } from '../../src/actions/engine.js';
import { alertEvent } from '../../src/api/alert-report.js';
import type {
  AgentReport,
  AgentStateEvent,
  Explained,
  ExplainReport,
  HealthReport,
  HistoryReport,
  Reloaded,
} from '../../src/api/contract.js';
import type { DaemonView, OwnedEvent } from '../../src/api/services.js';
import type { View } from '../../src/api/socket/peer.js';
import type { Change } from '../../src/config/change.js';
import { type Config, defaultConfig } from '../../src/config/schema.js';
import type { Prompt } from '../../src/diagnosis/prompt.js';
import type { Work } from '../../src/lib/time/in-turns.js';
import type { ActionPlan, ActionResult, Person, Verdict } from '../../src/model/action.js';
import type { Alert } from '../../src/model/alert.js';
import type { Observation } from '../../src/model/observation.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { checkEntry, type WhitelistEntry } from '../../src/rules/allowlist/whitelist.js';
import type { ActionRow } from '../../src/store/records.js';

/** A daemon's worth of made-up agents. */

export const T0 = '2026-11-20T12:00:00.000Z';

export function fakeAgent(over: Partial<AgentReport> = {}): AgentReport {
  return {
    pid: 4242,
    agent: 'claude',
    state: 'WORKING',
    reason: 'thinking',
    since: new Date(Date.now() - 65_000).toISOString(),
    evidence: { source: 'registry', text: 'registry says busy', time: T0 },
    interactive: true,
    background: 0,
    asks: null,
    unseen: 0,
    uid: 1000,
    user: 'ann',
    tty: 'pts/3',
    cwd: '/home/ann/shop',
    title: 'Fix the cart',
    session_id: 'abc',
    command: 'claude',
    started: T0,
    children: 2,
    cpu_percent: 3.25,
    rss_bytes: 410 * 1024 * 1024,
    ...over,
  };
}

export function fakeEvent(over: Partial<AgentStateEvent> = {}): AgentStateEvent {
  return {
    type: 'agent_state',
    time: T0,
    pid: 4242,
    agent: 'claude',
    from: 'WORKING',
    to: 'WAITING',
    reason: 'approval',
    evidence: { source: 'registry', text: 'registry says waiting: permission prompt', time: T0 },
    tty: 'pts/3',
    cwd: '/home/ann/shop',
    ...over,
  };
}

export function fakeHealth(over: Partial<HealthReport> = {}): HealthReport {
  return {
    status: 'healthy',
    problems: [],
    hands: [],
    modules: {},
    version: '0.1.0',
    pid: process.pid,
    started: T0,
    uptime_s: 3725,
    sensor: {
      tier: 'tracepoint',
      tier_reason: 'fentry is refused here: lockdown',
      bpftrace_version: '0.17.0',
      programs: [
        {
          name: 'lifecycle',
          state: 'running',
          problem: null,
          received: 12,
          unparsed: 0,
          lost: 0,
          restarts: 0,
          pid: 77,
          missing: [],
          starved: false,
        },
      ],
    },
    agents: 1,
    config: { file: '/etc/vigil/config.toml', problem: null, restart: [] },
    collectors: [],
    channels: [],
    model: { unavailable: 'No model is asked: ai.enabled is false.', calls_today: 0, tokens_today: 0 },
    actions: { mode: 'observe', dry_run: false, paused: false },
    history: null,
    open_alerts: 0,
    clients: 0,
    cpu_percent: 0.2,
    rss_bytes: 70e6,
    bpftrace_cpu_percent: 0.1,
    bpftrace_rss_bytes: 110e6,
    loop: { longest_pause_ms: 40, last_minute_ms: 12, start_pause_ms: 150 },
    reading: { cut: { arguments: 0, environments: 0, lists: 0, files: 0 }, held: [] },
    ...over,
  };
}

export function fakeAlert(over: Partial<Alert> = {}): Alert {
  return {
    id: 7,
    rule: 'cpu_high',
    key: 'cpu_high:4711:1',
    status: 'open',
    severity: 'high',
    title: 'yes burns a core',
    text: 'yes (pid 4711) has used 99 % of a core for 60 s',
    suggestion: 'vigil kill 4711',
    subject: {
      kind: 'process',
      name: 'yes (pid 4711)',
      uid: 1000,
      processes: [{ pid: 4711, start_ticks: 1, uid: 1000, comm: 'yes', cmdline: 'yes' }],
      session: null,
      lineage: 'bash (pid 12) → yes',
    },
    numbers: { cpu_percent: 99 },
    opened_ms: Date.parse(T0),
    updated_ms: Date.parse(T0),
    resolved_ms: null,
    ...over,
  };
}

export class FakeView implements DaemonView {
  list: AgentReport[] = [];
  alerts: Alert[] = [];
  past: OwnedEvent[] = [];
  report: HealthReport = fakeHealth();
  readonly observers = new Set<(observation: Observation) => void>();
  private readonly listeners = new Set<(event: OwnedEvent) => void>();

  *agents(_sees: View): Work<AgentReport[]> {
    yield* [];
    return this.list;
  }

  *explain(pid: number): Work<ExplainReport | undefined> {
    yield* [];
    const agent = this.list.find(one => one.pid === pid);
    if (agent === undefined) return undefined;
    return {
      agent,
      decided_by: 'the registry says busy, and it is fresh',
      evidence: [{ ...agent.evidence, age_ms: 1500, note: 'decides' }],
      voices: [
        {
          voice: 'registry',
          verdict: 'decides',
          text: 'it says busy',
          since: agent.since,
          why: 'it is fresh',
        },
        { voice: 'title', verdict: 'silent', text: null, since: null, why: 'it has said nothing' },
      ],
      processes: [{ pid, role: 'main', command: agent.command }],
    };
  }

  settings: Config = defaultConfig();
  changes: Change[] = [];

  config(): Config {
    return this.settings;
  }

  updateConfig(changes: readonly Change[]): Reloaded {
    this.changes.push(...changes);
    return { live: changes.map(({ key }) => key.name), restart: [] };
  }

  reloads = 0;

  reloadConfig(): Reloaded {
    this.reloads++;
    return { live: [], restart: [] };
  }

  isPaused = false;
  reportOfPeriod: HistoryReport | null = null;
  entries: WhitelistEntry[] = [];
  last: Snapshot | null = null;
  private readonly machineListeners = new Set<(snapshot: Snapshot) => void>();

  machine(): Snapshot | null {
    return this.last;
  }

  onMachine(listener: (snapshot: Snapshot) => void): () => void {
    this.machineListeners.add(listener);
    return () => void this.machineListeners.delete(listener);
  }

  get machineListenerCount(): number {
    return this.machineListeners.size;
  }

  emitAlert(alert: Alert): void {
    const event = alertEvent({ type: 'alert_opened', time_ms: alert.opened_ms, alert });
    for (const listener of this.listeners) listener({ uid: alert.subject.uid, event, alert });
  }

  look(snapshot: Snapshot): void {
    this.last = snapshot;
    for (const listener of this.machineListeners) listener(snapshot);
  }

  explained: Explained | null = null;
  verdict: Verdict = { allowed: false, risk: 'dangerous', reason: 'it is a fake', steps: [] };
  readonly kills: KillRequest[] = [];
  done: ActionRow[] | null = [];
  offered: ActionPlan[] = [];
  readonly executed: { id: number; by: Person }[] = [];

  async explainAlert(): Promise<Explained> {
    return this.explained!;
  }

  async explainProcess(): Promise<Explained> {
    return this.explained!;
  }

  promptFor(): Prompt {
    return { system: 'the system prompt', user: 'the user prompt' };
  }

  async previewKill(): Promise<Verdict> {
    return this.verdict;
  }

  async kill(request: KillRequest): Promise<ActionResult> {
    this.kills.push(request);
    return { time_ms: 0, outcome: 'done', processes: [], after: null, message: 'it is gone' };
  }

  async plans(): Promise<ActionPlan[]> {
    return this.offered;
  }

  async executePlan(id: number, by: Person): Promise<ActionResult> {
    this.executed.push({ id, by });
    return { time_ms: 0, outcome: 'done', processes: [], after: null, message: 'it is gone' };
  }

  async actions(limit: number, uid: number | null): Promise<ActionRow[] | null> {
    const seen = this.done?.filter(({ targets }) => uid === null || targets.some(one => one.uid === uid));
    return seen?.slice(0, limit) ?? null;
  }

  paused(): boolean {
    return this.isPaused;
  }

  async history(): Promise<HistoryReport | null> {
    return this.reportOfPeriod;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  clearAlerts(which: (alert: Alert) => boolean): number {
    const before = this.alerts.length;
    this.alerts = this.alerts.filter(alert => !which(alert));
    return before - this.alerts.length;
  }

  whitelist(): readonly WhitelistEntry[] {
    return this.entries;
  }

  async addToWhitelist(
    entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>,
  ): Promise<WhitelistEntry> {
    const wrong = checkEntry(entry);
    if (wrong !== null) throw new Error(wrong);
    const added = { ...entry, id: this.entries.length + 1, created_ms: 0 };
    this.entries.push(added);
    return added;
  }

  async removeFromWhitelist(id: number): Promise<boolean> {
    const before = this.entries.length;
    this.entries = this.entries.filter(entry => entry.id !== id);
    return this.entries.length < before;
  }

  openAlerts(): Alert[] {
    return this.alerts.filter(({ status }) => status === 'open');
  }

  async allAlerts(limit: number, uid: number | null): Promise<Alert[]> {
    const seen = this.alerts.filter(({ subject }) => uid === null || (subject.uid ?? uid) === uid);
    return seen.sort((a, b) => b.id - a.id).slice(0, limit);
  }

  async alert(id: number): Promise<Alert | null> {
    return this.alerts.find(alert => alert.id === id) ?? null;
  }

  recentEvents(): OwnedEvent[] {
    return this.past;
  }

  alertFor(alert: Alert): Alert | null {
    return alert;
  }

  agentFor(report: AgentReport): AgentReport {
    return report;
  }

  eventFor(owned: OwnedEvent): OwnedEvent | null {
    return owned;
  }

  onEvent(listener: (event: OwnedEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  *snapshot(): Work<Observation[]> {
    yield* [];
    return [{ type: 'clock', time_ms: 1 }];
  }

  onObservation(listener: (observation: Observation) => void): () => void {
    this.observers.add(listener);
    return () => void this.observers.delete(listener);
  }

  observe(observation: Observation): void {
    for (const observer of this.observers) observer(observation);
  }

  health(): HealthReport {
    return this.report;
  }

  emit(event: AgentStateEvent = fakeEvent(), uid = 1000): void {
    this.past.push({ uid, event });
    for (const listener of this.listeners) listener({ uid, event });
  }

  get listenerCount(): number {
    return this.listeners.size;
  }
}
