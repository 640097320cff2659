import type { z } from 'zod';
import { getAlerts } from '../runaway-guard/get-alerts.js';
import { listProcesses } from '../runaway-guard/list-processes.js';
import type { Stream } from '../streams/stream.js';
import { actions } from './actions/actions.js';
import { executePlan } from './actions/execute-plan.js';
import { killPreview, killProcess } from './actions/kill.js';
import { agents } from './agents/agents.js';
import { events } from './agents/events.js';
import { explain } from './agents/explain.js';
import { record } from './agents/record.js';
import { alerts } from './alerts/alerts.js';
import { clearAlerts } from './alerts/clear-alerts.js';
import { explainAlert } from './alerts/explain-alert.js';
import { plans } from './alerts/plans.js';
import { getConfig, reloadConfig, updateConfig } from './daemon/configuration.js';
import { health } from './daemon/health.js';
import { pauseMonitoring, resumeMonitoring } from './daemon/monitoring.js';
import { ping } from './daemon/ping.js';
import { addWhitelist, listWhitelist, removeWhitelist } from './daemon/whitelist.js';
import type { Command } from './definition.js';
import { explainProcess } from './machine/explain-process.js';
import { host } from './machine/host.js';
import { machine } from './machine/machine.js';
import { processes } from './machine/processes.js';
import { report } from './machine/report.js';

/** Everything that can be asked. One more is one file and its name here. */
const ALL = [
  ping,
  health,
  pauseMonitoring,
  resumeMonitoring,
  agents,
  explain,
  record,
  events,
  alerts,
  getAlerts,
  clearAlerts,
  machine,
  report,
  processes,
  listProcesses,
  listWhitelist,
  addWhitelist,
  removeWhitelist,
  getConfig,
  updateConfig,
  reloadConfig,
  explainAlert,
  explainProcess,
  killPreview,
  killProcess,
  plans,
  executePlan,
  actions,
  host,
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  ALL.map((command): [string, Command] => [command.name, command as Command]),
);

type Listed = (typeof ALL)[number];
type CommandOf<N extends CommandName> = Extract<Listed, { name: N }>;

export type CommandName = Listed['name'];
/** What is asked with it; fields that have a default may be left out. */
export type ParamsOf<N extends CommandName> = z.input<CommandOf<N>['params']>;
/** What is answered. */
export type ResultOf<N extends CommandName> = z.output<CommandOf<N>['result']>;
type StreamOf<N extends CommandName> = NonNullable<CommandOf<N>['subscribe']>['stream'];
type Sent<S> = S extends Stream<string, infer M> ? M : never;
/** What is sent unasked after the answer; never: nothing. */
export type MessageOf<N extends CommandName> = Sent<StreamOf<N>>;
