import type { KillRequest } from '../actions/engine.js';
import type { Change } from '../config/change.js';
import type { Config } from '../config/schema.js';
import type { Prompt } from '../diagnosis/prompt.js';
import type { Question } from '../diagnosis/question.js';
import type { InTurns, Work } from '../lib/time/in-turns.js';
import type { ActionPlan, ActionResult, Person, Verdict } from '../model/action.js';
import type { Alert } from '../model/alert.js';
import type { HostFacts } from '../model/host-facts.js';
import type { Observation } from '../model/observation.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Viewer } from '../model/viewer.js';
import type { WhitelistEntry } from '../rules/allowlist/whitelist.js';
import type { Asker } from '../store/asker.js';
import type { ActionRow } from '../store/records.js';
import type { AgentReport, ExplainReport } from './reports/agent.js';
import type { Reloaded } from './reports/configuration.js';
import type { OwnedEvent } from './reports/event.js';
import type { Explained } from './reports/explanation.js';
import type { HealthReport } from './reports/health.js';
import type { HistoryReport } from './reports/history.js';
import type { Visibility } from './visibility.js';

/** What commands and streams ask of the daemon. Each of these is a part of it; tests hand in others. */
export interface Services {
  agents: AgentService;
  alerts: AlertService;
  machine: MachineService;
  host: HostService;
  history: HistoryService;
  actions: ActionService;
  explanations: ExplanationService;
  whitelist: WhitelistService;
  configuration: ConfigurationService;
  health: HealthService;
  events: EventService;
  observations: ObservationService;
  /** What each of them may be told to whom. */
  visibility: Visibility;
}

export interface AgentService {
  /** Those that are the viewer's to see: each costs a look at its processes. */
  list(viewer: Viewer): Work<AgentReport[]>;
  /** `pid` may be any process of the session; `session_id`: of several conversations in it. Undefined: no such agent. */
  explain(pid: number, session_id?: string): Work<ExplainReport | undefined>;
  /** Calls back with the uid whose list may be another now, until the returned function is called. */
  onChange(listener: (uid: number) => void): () => void;
}

export interface AlertService {
  /** Open alerts, oldest first. */
  open(): Alert[];
  /** All alerts of the history, the latest first; `uid`: only that user's and the machine's. */
  all(limit: number, uid: number | null, asker: Asker): Promise<Alert[]>;
  /** Open or of the history; null: there is none with this number. */
  find(id: number, asker: Asker): Promise<Alert | null>;
  /**
   * Resolves the open alerts that are meant; how many, once that is on the disk.
   * @throws NotWrittenError when it holds and is not on the disk
   */
  clear(which: (alert: Alert) => boolean): Promise<number>;
}

export interface MachineService {
  /** The latest look at the machine; null before the first. */
  readonly latest: Snapshot | null;
  readonly isPaused: boolean;
  /** Nobody looks at it, and nothing is done, until `resume`. */
  pause(): void;
  resume(): void;
  /** Calls back for each look at the machine until the returned function is called. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void;
}

export interface HostService {
  /** What the machine is: read when it is asked for first, which takes a while. Null: it cannot be read now. */
  facts(): Promise<HostFacts | null>;
}

export interface HistoryService {
  /** `uid`: of the machine and that user only. Null: there is no history, or it cannot be read. */
  report(period_ms: number, buckets: number, uid: number | null, asker: Asker): Promise<HistoryReport | null>;
  /** The latest first; null: as above. `uid`: those about a process of that user, and of them only what is that user's. */
  actions(limit: number, uid: number | null, asker: Asker): Promise<ActionRow[] | null>;
}

/** Who may act is decided there: root, the owner of the target, the group vigil. */
export interface ActionService {
  previewKill(request: KillRequest, inTurns: InTurns): Promise<Verdict>;
  kill(request: KillRequest, inTurns: InTurns): Promise<ActionResult>;
  plans(alert: Alert, viewer: Viewer, inTurns: InTurns): Promise<ActionPlan[]>;
  execute(planId: number, by: Person, inTurns: InTurns): Promise<ActionResult>;
}

export interface ExplanationService {
  /** Always answers. `viewer`: what the one who asks may know of. */
  explainAlert(alert: Alert, viewer: Viewer, inTurns: InTurns): Promise<Explained>;
  explainProcess(pid: number, viewer: Viewer, inTurns: InTurns): Promise<Explained>;
  /** Exactly what would be sent to a model. */
  prompt(about: Question['about'], viewer: Viewer): Prompt;
}

export interface WhitelistService {
  list(): readonly WhitelistEntry[];
  /** @throws with a text for the person, when it is refused; NotWrittenError when it holds and is not on the disk */
  add(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry>;
  /** False: there is no such entry. @throws NotWrittenError */
  remove(id: number): Promise<boolean>;
}

export interface ConfigurationService {
  /** What the file says; some of it may wait for a restart. */
  readonly configured: Config;
  /** Changes the file and takes it over. @throws with a text for the person: nothing has changed */
  update(changes: readonly Change[]): Reloaded;
  /** The same: the file is broken. */
  reload(): Reloaded;
}

export interface HealthService {
  /** As far as it is for that viewer. `clients`: connections to the socket. */
  report(viewer: Viewer, clients: number): HealthReport;
}

export interface EventService {
  /** The events kept in memory, oldest first. */
  recent(): OwnedEvent[];
  /** Calls back for each new event until the returned function is called. */
  onEvent(listener: (event: OwnedEvent) => void): () => void;
}

export interface ObservationService {
  /** What a recording that starts now must begin with. */
  snapshot(): Work<Observation[]>;
  /** Calls back for everything that is observed from now on until the returned function is called. */
  onObservation(listener: (observation: Observation) => void): () => void;
}
