import type { CliCommand } from '../command.js';
import { actions } from './actions.js';
import { agents } from './agents.js';
import { alerts } from './alerts.js';
import { bar } from './bar.js';
import { completion } from './completion.js';
import {
  configCheck,
  configEdit,
  configGet,
  configPathCommand,
  configSet,
  configShow,
  configUnset,
} from './config.js';
import { daemon } from './daemon.js';
import { events } from './events.js';
import { explain } from './explain.js';
import { focus } from './focus.js';
import { health } from './health.js';
import { kill } from './kill.js';
import { pause, resume } from './pause.js';
import { recordEvents } from './record-events.js';
import { replay } from './replay.js';
import { report } from './report.js';
import { status } from './status.js';
import { system } from './system.js';
import { tray } from './tray.js';
import { watch } from './watch.js';
import { whitelistAdd, whitelistList, whitelistRemove } from './whitelist.js';
import { why } from './why.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  status,
  watch,
  report,
  agents,
  explain,
  alerts,
  why,
  kill,
  actions,
  events,
  health,
  bar,
  focus,
  system,
  whitelistList,
  whitelistAdd,
  whitelistRemove,
  configShow,
  configGet,
  configSet,
  configUnset,
  configEdit,
  configPathCommand,
  configCheck,
  pause,
  resume,
  tray,
  daemon,
  recordEvents,
  replay,
  completion,
];
