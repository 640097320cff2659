/** All that a client of the daemon needs: its connection, and the types of what is asked and answered. */

export type { Prompt } from '../../diagnosis/prompt.js';
export type { ActionPlan, ActionResult, Scope, Verdict } from '../../model/action.js';
export type { HelperHealth } from '../../model/helper-health.js';
export type { HostFacts } from '../../model/host-facts.js';
export type { AgentStateEvent } from '../../model/state-event.js';
export type { WhitelistEntry } from '../../rules/allowlist/whitelist.js';
export type { ActionRow } from '../../store/records.js';
export type { CommandName, ParamsOf, ResultOf } from '../commands/map.js';
export type { AgentReport, ExplainReport, VoiceReport } from '../reports/agent.js';
export type { AlertEvent, AlertReport } from '../reports/alert.js';
export type { Reloaded } from '../reports/configuration.js';
export type { VigilEvent } from '../reports/event.js';
export type { Explained } from '../reports/explanation.js';
export type { HealthReport } from '../reports/health.js';
export type { HistoryReport } from '../reports/history.js';
export type { MachineReport } from '../reports/machine.js';
export type { ProcessesReport, ProcessReport } from '../reports/process.js';
export { ApiClient } from './client.js';
export { type ConnectOptions, connectToDaemon } from './connect.js';
export { ApiError, NotRunningError, notUnderstood } from './errors.js';
export { REPORT_LIMITS } from './report-limits.js';
