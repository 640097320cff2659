import type { Explanation } from '../diagnosis/advisor.js';
import type { ActionPlan } from '../model/action.js';
import type { Evidence, Reason, State } from '../model/agent.js';
import type { Alert } from '../model/alert.js';
import type { Observation } from '../model/observation.js';
import type { HostSample, ProcessSample, SessionSample } from '../model/snapshot.js';
import type { ChannelHealth } from '../outputs/channels/channel.js';
import type { CollectorHealth } from '../sources/host/health.js';
import type { SensorHealth } from '../sources/kernel/health.js';
import type { StoreHealth } from '../store/health.js';
import type { ProcessTotals } from '../store/queries/processes.js';
import type { SessionTotals } from '../store/queries/sessions.js';
import type { ActionRow, DiagnosisUsage } from '../store/records.js';
/**
 * The socket's contract: JSON lines on `vigil.sock`.
 *
 * A request is one line `{"cmd": NAME, "id"?: RequestId, "params"?: {…}}`. Each is answered by one line:
 * `{"type":"pong","id"}` for ping, else `{"type":"response","id","data"}` or
 * `{"type":"error","id","error":{"code","message"}}`. `id` is echoed (null when none was given).
 *
 * | cmd | params | data |
 * |---|---|---|
 * | `ping` | | (a `pong`) |
 * | `health` | | HealthReport |
 * | `agents` | | AgentReport[] |
 * | `explain` | `pid` | ExplainReport |
 * | `events` | `follow?`, `limit?` | VigilEvent[]: the recent ones, oldest first |
 * | `alerts` | `all?`, `limit?` | AlertReport[]: the open ones, worst first; with `all` resolved ones too, latest first |
 * | `machine` | | MachineReport |
 * | `processes` | `session?`, `limit?` | ProcessesReport: of one agent session, or of the machine |
 * | `report` | `period_s?`, `buckets?` | HistoryReport |
 * | `explain_alert` | `id`, `prompt?` | Explained; with `prompt` Prompt: what a model would be sent |
 * | `explain_process` | `pid`, `prompt?` | the same |
 * | `kill_preview` | `pid`, `start_ticks?`, `scope?`, `force?` | Verdict: what `kill_process` would do |
 * | `kill_process` | the same, or `signal` | ActionResult |
 * | `plans` | `alert` | ActionPlan[]: what could be done about it |
 * | `execute_plan` | `id` | ActionResult |
 * | `actions` | `limit?` | ActionRow[]: what was done, the latest first |
 * | `list_processes` | | SeedProcess[]: as in the last look at the machine |
 * | `get_alerts` | `limit?`, `since?` | SeedAlert[], the latest first |
 * | `clear_alerts` | | `{cleared}`: how many open alerts were resolved |
 * | `list_whitelist` | | WhitelistEntry[] |
 * | `add_whitelist` | `pattern`, `match_type?`, `reason?` | WhitelistEntry |
 * | `remove_whitelist` | `id` | `{removed}` |
 * | `get_config` | | the configuration of the file and its defaults, with RunawayGuard's names beside ours |
 * | `update_config` | tables and keys as in `get_config`; null: its default | Reloaded, after the file was written; `denied`: a key is root's |
 * | `reload_config` | | Reloaded |
 * | `pause_monitoring`, `resume_monitoring` | | `{paused}` |
 * | `record` | | Observation[]: what a recording that starts now begins with |
 *
 * After `{"cmd":"events","params":{"follow":true}}` the same connection also receives, a line each,
 * `{"type":"event","data": VigilEvent}`, without a gap after the answer. After `record` it receives
 * `{"type":"observation","data": Observation}` in the same way; only who may see every agent may record.
 *
 * Whoever sends `list_processes`, `get_alerts` or `list_whitelist` also receives, as RunawayGuard's clients
 * expect, `{"type":"alert","data": SeedAlert}` and, with each look at the machine, `{"type":"status","data"}`.
 */

/** All times are ISO 8601 in UTC with milliseconds. */
export interface AgentReport {
  pid: number;
  agent: string;
  state: State;
  reason: Reason | null;
  since: string;
  evidence: { source: Evidence['source']; text: string; time: string };
  interactive: boolean;
  /** Shells and subagents of it that still run although its turn is over. */
  background: number;
  /** What a waiting agent asks for, e.g. `Bash: npm test`; null: nothing, or it is not known. */
  asks: string | null;
  /** How often it stopped (turn ends and requests) since its person last looked at its window. */
  unseen: number;
  uid: number;
  user: string;
  /** Below /dev, e.g. `pts/3`; null without a terminal. */
  tty: string | null;
  cwd: string | null;
  title: string | null;
  session_id: string | null;
  command: string;
  started: string;
  /** Totals of the agent's process tree from here on. */
  children: number;
  cpu_percent: number;
  rss_bytes: number;
  /** Only for EXITED. */
  exit_code?: number | null;
  signal?: string | null;
  signal_sender?: { pid: number; comm: string } | null;
}

/** One line of `vigil events --json`. */
export interface AgentStateEvent {
  type: 'agent_state';
  time: string;
  pid: number;
  agent: string;
  from: State;
  to: State;
  reason: Reason | null;
  evidence: { source: Evidence['source']; text: string; time: string };
  exit_code?: number | null;
  /** e.g. `SIGKILL` */
  signal?: string | null;
  signal_sender?: { pid: number; comm: string } | null;
  tty: string | null;
  cwd: string | null;
}

/** An alert with its times as ISO 8601. Text in `subject.processes` is raw, as in all JSON. */
export interface AlertReport extends Omit<Alert, 'opened_ms' | 'updated_ms' | 'resolved_ms'> {
  opened: string;
  updated: string;
  resolved: string | null;
}

/** `vigil status`: the machine as of the last look at it. Text of processes is raw, as in all JSON. */
export interface MachineReport {
  time: string;
  /** Nobody looks at it: vigil pause. */
  paused: boolean;
  host: HostSample;
  /** How many there are. */
  processes: number;
  sessions: SessionSample[];
  /** Those with the most, at most 15, of the user who asks or of all. */
  top_memory: ProcessSample[];
  top_cpu: ProcessSample[];
}

/** One process as of the last look at the machine. Text of processes is raw, as in all JSON. */
export interface ProcessReport {
  pid: number;
  ppid: number;
  start_ticks: number;
  uid: number;
  comm: string;
  /** Cut at 512 characters. */
  cmdline: string;
  /** One letter, proc_pid_stat(5). */
  state: string;
  started: string;
  threads: number;
  /** Of one core; null at first sight. */
  cpu_percent: number | null;
  rss_bytes: number;
  /** Main process of the agent session that it came from. */
  session: number | null;
}

export interface ProcessesReport {
  time: string;
  /** How many there are, of which `processes` holds at most `limit`: then the largest ones. */
  total: number;
  processes: ProcessReport[];
}

/** `vigil report`: what the history tells of a period. */
export interface HistoryReport {
  from: string;
  to: string;
  bucket_s: number;
  /** By the name of the figure, in its unit: smallest, mean and greatest of each bucket; null: not measured. */
  host: Record<string, ({ min: number; avg: number; max: number } | null)[]>;
  /** The latest first. */
  sessions: SessionTotals[];
  top_memory: ProcessTotals[];
  top_cpu: ProcessTotals[];
  /** The latest first. */
  alerts: AlertReport[];
  actions: ActionRow[];
  /** What was asked of a language model. */
  model: DiagnosisUsage;
}

/** `vigil explain`: why, by a model or by the rules, and what could be done with vigil's own judgement of it. */
export interface Explained {
  explanation: Explanation;
  plans: ActionPlan[];
}

/** One line of `vigil events --json` about an alert. */
export interface AlertEvent {
  type: 'alert_opened' | 'alert_updated' | 'alert_resolved';
  time: string;
  /** It comes back soon after it was resolved: who was told is not told again. */
  quiet?: true;
  alert: AlertReport;
}

export type VigilEvent = AgentStateEvent | AlertEvent;

/** One thing that can tell the state of an agent, such as its session file, and how it fared. */
export interface VoiceReport {
  voice: string;
  verdict: 'decides' | 'agrees' | 'disbelieved' | 'silent';
  /** What it says and since when; null: nothing. */
  text: string | null;
  since: string | null;
  /** Why it is believed or not, in words. */
  why: string;
}

/** `vigil agents explain PID` */
export interface ExplainReport {
  agent: AgentReport;
  /** The rule that decided, in words. */
  decided_by: string;
  /** Everything on record, newest first. */
  evidence: { source: Evidence['source']; text: string; time: string; age_ms: number; note: string }[];
  /** Everything that can tell its state, strongest first, and why it is believed or not. Empty: it has ended. */
  voices: VoiceReport[];
  /** Every process that counts as part of this session. */
  processes: { pid: number; role: string; command: string }[];
}

/** The configuration of the daemon. */
export interface ConfigHealth {
  /** Where its file is, or would be. */
  file: string;
  /** Why the file as it is now cannot be used; the configuration before it stays in effect. Null: it can. */
  problem: string | null;
  /** Keys that the file sets to something else than what is in effect: they wait for a restart. */
  restart: string[];
}

/** Keys that a reload took over just now, and all that wait for a restart. */
export interface Reloaded {
  live: string[];
  restart: string[];
}

export interface HealthReport {
  /** `degraded`: it works, but something that it should have is missing; `problems` says what. */
  status: 'healthy' | 'degraded';
  problems: string[];
  version: string;
  pid: number;
  started: string;
  uptime_s: number;
  sensor: SensorHealth;
  /** What runs as the users: one for each whose agents are watched. */
  hands: HandHealth[];
  /** What other parts say of themselves, by the name of the part. */
  modules: Record<string, Readonly<Record<string, unknown>>>;
  agents: number;
  config: ConfigHealth;
  /** What the machine is asked for, and how that went. */
  collectors: CollectorHealth[];
  /** Where alerts are sent. */
  channels: ChannelHealth[];
  /** Why no model would be asked; null: it would be. What was asked within 24 hours. */
  model: { unavailable: string | null; calls_today: number; tokens_today: number };
  actions: { mode: string; dry_run: boolean; paused: boolean };
  /** Null: none is kept. */
  history: StoreHealth | null;
  open_alerts: number;
  /** Connections to the socket; the server fills it in. */
  clients: number;
  /** Of the daemon itself; `bpftrace_*` of its children together. CPU in percent of one core since start. */
  cpu_percent: number;
  rss_bytes: number;
  bpftrace_cpu_percent: number;
  bpftrace_rss_bytes: number;
  /** For how long nothing else could be done at a time, at most: since it serves, in the last minute, and before. */
  loop: { longest_pause_ms: number; last_minute_ms: number; start_pause_ms: number };
  reading: ReadingHealth;
}

/** What the daemon did not read, since the start. */
export interface ReadingHealth {
  /** How often something was longer than what is read of it. */
  cut: { arguments: number; environments: number; lists: number; files: number };
  /** Processes whose arguments cannot be read at present: who asks for them waits for ever. */
  held: number[];
}

/** A user's hand: it shows badges, popups and the tray icon, and reads the agents' files. */
export interface HandHealth {
  uid: number;
  user: string;
  pid: number | null;
  /** `hung`: it does not answer and is being ended. `unavailable`: it cannot be started at all. */
  state: 'running' | 'restarting' | 'hung' | 'unavailable';
  /** Why it does not run, in words for the operator; null while all is well. */
  problem: string | null;
  restarts: number;
  /** How often it was ended because it said too much. */
  floods: number;
  /** What it said beyond what is heard, and was left out. */
  dropped: number;
  rss_bytes: number;
  /** What it found of the user's desktop; null: it has not said yet. */
  desktop: {
    session_bus: boolean;
    compositor: 'sway' | 'i3' | 'hyprland' | null;
    /** Why it shows less than it could; null: nothing is missing. */
    note: string | null;
  } | null;
}

/** Text of at most MAX_ID_LENGTH characters: it is echoed, so it must never be more than can be written down again. */
export type RequestId = string | number | null;

export const MAX_ID_LENGTH = 200;

export interface Request {
  cmd: string;
  id?: RequestId;
  params?: Record<string, unknown>;
}

export type ErrorCode =
  | 'bad_json' // the line is no JSON
  | 'bad_request' // JSON, but no request, or wrong params
  | 'unknown_command'
  | 'too_large' // a line over the limit; the connection is closed
  | 'not_found' // no such agent, or not one of yours
  | 'not_ready' // ask again in a moment
  | 'denied' // this peer may not have that
  | 'busy' // too many connections; this one is closed
  | 'internal';

export type Reply =
  | { type: 'pong'; id: RequestId }
  | { type: 'response'; id: RequestId; data: unknown }
  | { type: 'error'; id: RequestId; error: { code: ErrorCode; message: string } };

export type Push = { type: 'event'; data: VigilEvent } | { type: 'observation'; data: Observation };
