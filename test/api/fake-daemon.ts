import type { KillRequest } from '../../src/actions/engine.js';
import type { AgentReport, ExplainReport } from '../../src/api/reports/agent.js';
import { alertEvent } from '../../src/api/reports/alert.js';
import type { OwnedEvent } from '../../src/api/reports/event.js';
import type { Explained } from '../../src/api/reports/explanation.js';
import type { HealthReport } from '../../src/api/reports/health.js';
import type { HistoryReport } from '../../src/api/reports/history.js';
import type { Services } from '../../src/api/services.js';
import { Visibility } from '../../src/api/visibility.js';
import type { Change } from '../../src/config/change.js';
import { type Config, defaultConfig } from '../../src/config/schema.js';
import type { Work } from '../../src/lib/time/in-turns.js';
import type { ActionPlan, Person, Verdict } from '../../src/model/action.js';
import type { Alert } from '../../src/model/alert.js';
import type { HostFacts } from '../../src/model/host-facts.js';
import type { Observation } from '../../src/model/observation.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import type { AgentStateEvent } from '../../src/model/state-event.js';
import type { Viewer } from '../../src/model/viewer.js';
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
    mode: 'terminal',
    host: null,
    background: 0,
    resets_at: null,
    asks: null,
    attach: null,
    unseen: 0,
    uid: 1000,
    user: 'ann',
    container: null,
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
    helpers: [],
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

export function fakeFacts(over: Partial<HostFacts> = {}): HostFacts {
  return {
    cpu: { model: 'AMD Ryzen 9 7950X', physical_cores: 16, logical_cores: 32 },
    system: 'ACME Box',
    board: 'ACME B1',
    distribution: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0',
    architecture: 'x64',
    virtualisation: 'KVM',
    gpus: [{ name: 'NVIDIA AD102', vram_bytes: 24 * 1024 ** 3 }],
    ...over,
  };
}

/** One that ended processes of that user. */
export function fakeAction(uid: number, over: Partial<ActionRow> = {}): ActionRow {
  return {
    id: uid,
    time_ms: Date.parse(T0),
    mode: 'suggest',
    requested_by: `uid ${uid}`,
    alert_id: null,
    what: 'terminate',
    targets: [{ pid: 77, start_ticks: 5, uid, comm: 'yes', cmdline: 'yes' }],
    argv: null,
    evidence: null,
    before: null,
    after: null,
    result: 'done',
    targets_total: 1,
    damaged: false,
    ...over,
  };
}

/** What the API asks for, made up. Tests set the fields, and look at what was done. */
export class FakeDaemon {
  list: AgentReport[] = [];
  facts: HostFacts | null = fakeFacts();
  alerts: Alert[] = [];
  past: OwnedEvent[] = [];
  report: HealthReport = fakeHealth();
  settings: Config = defaultConfig();
  changes: Change[] = [];
  reloads = 0;
  isPaused = false;
  reportOfPeriod: HistoryReport | null = null;
  entries: WhitelistEntry[] = [];
  last: Snapshot | null = null;
  explained: Explained | null = null;
  verdict: Verdict = { allowed: false, risk: 'dangerous', reason: 'it is a fake', steps: [] };
  readonly kills: KillRequest[] = [];
  done: ActionRow[] | null = [];
  offered: ActionPlan[] = [];
  readonly executed: { id: number; by: Person }[] = [];
  readonly observers = new Set<(observation: Observation) => void>();
  private readonly followers = new Set<(event: OwnedEvent) => void>();
  private readonly bars = new Set<(uid: number) => void>();
  /** How often somebody asked for the agents. */
  lists = 0;
  private readonly watchers = new Set<(snapshot: Snapshot) => void>();

  readonly services: Services = this.makeServices();

  emit(event: AgentStateEvent = fakeEvent(), uid = 1000): void {
    this.past.push({ uid, event });
    for (const follower of this.followers) follower({ uid, event });
  }

  emitAlert(alert: Alert): void {
    const event = alertEvent({ type: 'alert_opened', time_ms: alert.opened_ms, alert });
    for (const follower of this.followers) follower({ uid: alert.subject.uid, event, alert });
  }

  /** Of `list`. */
  agentsChanged(uid = 1000): void {
    for (const bar of this.bars) bar(uid);
  }

  look(snapshot: Snapshot): void {
    this.last = snapshot;
    for (const watcher of this.watchers) watcher(snapshot);
  }

  observe(observation: Observation): void {
    for (const observer of this.observers) observer(observation);
  }

  get followerCount(): number {
    return this.followers.size;
  }

  get watcherCount(): number {
    return this.watchers.size;
  }

  private makeServices(): Services {
    const daemon = this;
    return {
      agents: {
        list: () => {
          this.lists++;
          return inOnePiece(this.list);
        },
        explain: pid => inOnePiece(this.explain(pid)),
        onChange: listener => listening(this.bars, listener),
      },
      alerts: {
        open: () => this.alerts.filter(({ status }) => status === 'open'),
        all: async (limit, uid) => this.seen(uid).slice(0, limit),
        find: async id => this.alerts.find(alert => alert.id === id) ?? null,
        clear: which => this.clear(which),
      },
      machine: {
        get latest() {
          return daemon.last;
        },
        get isPaused() {
          return daemon.isPaused;
        },
        pause: () => {
          this.isPaused = true;
        },
        resume: () => {
          this.isPaused = false;
        },
        onSnapshot: listener => listening(this.watchers, listener),
      },
      host: { facts: async () => this.facts },
      history: {
        report: async () => this.reportOfPeriod,
        actions: async (limit, uid) => this.actionsOf(uid)?.slice(0, limit) ?? null,
      },
      actions: {
        previewKill: async () => this.verdict,
        kill: async request => {
          this.kills.push(request);
          return DONE;
        },
        plans: async () => this.offered,
        execute: async (id, by) => {
          this.executed.push({ id, by });
          return DONE;
        },
      },
      explanations: {
        explainAlert: async () => this.explained!,
        explainProcess: async () => this.explained!,
        prompt: () => ({ system: 'the system prompt', user: 'the user prompt' }),
      },
      whitelist: {
        list: () => this.entries,
        add: async entry => this.addEntry(entry),
        remove: async id => this.removeEntry(id),
      },
      configuration: {
        get configured() {
          return daemon.settings;
        },
        update: changes => {
          this.changes.push(...changes);
          return { live: changes.map(({ key }) => key.name), restart: [] };
        },
        reload: () => {
          this.reloads++;
          return { live: [], restart: [] };
        },
      },
      health: { report: (_: Viewer, clients: number) => ({ ...this.report, clients }) },
      events: { recent: () => this.past, onEvent: listener => listening(this.followers, listener) },
      observations: {
        snapshot: () => inOnePiece([{ type: 'clock', time_ms: 1 }]),
        onObservation: listener => listening(this.observers, listener),
      },
      visibility: new Visibility({ value: false }),
    };
  }

  private explain(pid: number): ExplainReport | undefined {
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

  private seen(uid: number | null): Alert[] {
    const seen = this.alerts.filter(({ subject }) => uid === null || (subject.uid ?? uid) === uid);
    return seen.sort((a, b) => b.id - a.id);
  }

  private async clear(which: (alert: Alert) => boolean): Promise<number> {
    const before = this.alerts.length;
    this.alerts = this.alerts.filter(alert => !which(alert));
    return before - this.alerts.length;
  }

  private actionsOf(uid: number | null): ActionRow[] | undefined {
    return this.done?.filter(({ targets }) => uid === null || targets.some(one => one.uid === uid));
  }

  private addEntry(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): WhitelistEntry {
    const wrong = checkEntry(entry);
    if (wrong !== null) throw new Error(wrong);
    const added = { ...entry, id: this.entries.length + 1, created_ms: 0 };
    this.entries.push(added);
    return added;
  }

  private removeEntry(id: number): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter(entry => entry.id !== id);
    return this.entries.length < before;
  }
}

const DONE = { time_ms: 0, outcome: 'done', processes: [], after: null, message: 'it is gone' } as const;

/** Work of which nothing is left after its first piece. */
export function* inOnePiece<T>(value: T): Work<T> {
  yield* [];
  return value;
}

function listening<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
