import { actionCommands } from './actions.js';
import { agentCommands } from './agents.js';
import { alertCommands } from './alerts.js';
import { configCommands } from './config.js';
import { daemonCommands } from './daemon.js';
import type { CommandDefinition } from './definition.js';
import { explainCommands } from './explain.js';
import { machineCommands } from './machine.js';
import { processCommands } from './processes.js';
import { whitelistCommands } from './whitelist.js';

/** Everything that can be asked. */
export const COMMANDS: Readonly<Record<string, CommandDefinition>> = {
  ...daemonCommands,
  ...agentCommands,
  ...alertCommands,
  ...machineCommands,
  ...processCommands,
  ...whitelistCommands,
  ...configCommands,
  ...explainCommands,
  ...actionCommands,
};
