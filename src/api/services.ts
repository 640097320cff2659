import type { KillRequest } from '../actions/engine.js';
import type { Change } from '../config/change.js';
import type { Config } from '../config/schema.js';
import type { Prompt } from '../diagnosis/prompt.js';
import type { Question } from '../diagnosis/question.js';
import type { InTurns, Work } from '../lib/time/in-turns.js';
import type { ActionPlan, ActionResult, Person, Verdict } from '../model/action.js';
import type { Alert } from '../model/alert.js';
import type { Observation } from '../model/observation.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WhitelistEntry } from '../rules/allowlist/whitelist.js';
import type { Asker } from '../store/asker.js';
import type { ActionRow } from '../store/records.js';
import type {
  AgentReport,
  Explained,
  ExplainReport,
  HealthReport,
  HistoryReport,
  Reloaded,
  VigilEvent,
} from './contract.js';
import type { View } from './socket/peer.js';

/** An event and whose it is: others do not get to see it. Null: the machine's, for everybody. */
export interface OwnedEvent {
  uid: number | null;
  event: VigilEvent;
  /** The alert that it is about. */
  alert?: Alert;
}

/** What the API asks of the daemon; the daemon hands this to the server, tests hand it a fake. */
export interface DaemonView {
  /** Those that this peer may see: each costs a look at its processes. */
  agents(sees: View): Work<AgentReport[]>;
  /** `pid` may be any process of the session. Undefined: no such agent. */
  explain(pid: number): Work<ExplainReport | undefined>;
  /** The events kept in memory, oldest first. */
  recentEvents(): OwnedEvent[];
  /** Open alerts, oldest first. */
  openAlerts(): Alert[];
  /** All alerts of the history, the latest first; `uid`: only that user's and the machine's. */
  allAlerts(limit: number, uid: number | null, asker: Asker): Promise<Alert[]>;
  /** Open or of the history; null: there is none with this number. */
  alert(id: number, asker: Asker): Promise<Alert | null>;
  /** The latest look at the machine, as far as that peer may know it at all; null before the first. */
  machine(sees: View): Snapshot | null;
  /** Calls back for each look at the machine until the returned function is called. */
  onMachine(listener: (snapshot: Snapshot) => void): () => void;
  /** `uid`: of the machine and that user only. Null: there is no history, or it cannot be read. */
  history(
    period_ms: number,
    buckets: number,
    uid: number | null,
    asker: Asker,
  ): Promise<HistoryReport | null>;
  paused(): boolean;
  pause(): void;
  resume(): void;
  /** Resolves the open alerts that are meant; how many. */
  clearAlerts(which: (alert: Alert) => boolean): number;
  whitelist(): readonly WhitelistEntry[];
  /** @throws with a text for the person, when it is refused */
  addToWhitelist(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry>;
  /** False: there is no such entry. */
  removeFromWhitelist(id: number): Promise<boolean>;
  /** What the file says; some of it may wait for a restart. */
  config(): Config;
  /** Changes the file and takes it over. @throws with a text for the person: nothing has changed */
  updateConfig(changes: readonly Change[]): Reloaded;
  /** The same: the file is broken. */
  reloadConfig(): Reloaded;
  /** Always answers. `sees`: what the one who asks may know of. */
  explainAlert(alert: Alert, sees: View, inTurns: InTurns): Promise<Explained>;
  explainProcess(pid: number, sees: View): Promise<Explained>;
  promptFor(about: Question['about'], sees: View): Prompt;
  previewKill(request: KillRequest, inTurns: InTurns): Promise<Verdict>;
  kill(request: KillRequest, inTurns: InTurns): Promise<ActionResult>;
  plans(alert: Alert, sees: View, inTurns: InTurns): Promise<ActionPlan[]>;
  executePlan(id: number, by: Person, inTurns: InTurns): Promise<ActionResult>;
  /**
   * The latest first; null: there is no history, or it cannot be read. `uid`: only those about a process of that
   * user, and of them only what is that user's.
   */
  actions(limit: number, uid: number | null, asker: Asker): Promise<ActionRow[] | null>;
  /** The alert as it may be told to a peer that may see it; null: not at all. */
  alertFor(alert: Alert, sees: View): Alert | null;
  /** An agent's report or event, the same way. */
  agentFor(report: AgentReport, sees: View): AgentReport;
  /** The event as it may be told to that peer; null: not at all. */
  eventFor(owned: OwnedEvent, sees: View): OwnedEvent | null;
  /** Calls back for each new event until the returned function is called. */
  onEvent(listener: (event: OwnedEvent) => void): () => void;
  /** What a recording that starts now must begin with. */
  snapshot(): Work<Observation[]>;
  /** Calls back for everything that is observed from now on until the returned function is called. */
  onObservation(listener: (observation: Observation) => void): () => void;
  /** As far as it is for that peer. `clients` is the server's to fill in. */
  health(sees: View): HealthReport;
}
