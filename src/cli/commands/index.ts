import type { CliCommand } from '../command.js';

/**
 * Every command, by the word that it begins with and in the order of the help. A file is loaded when its command is
 * asked for: shells and bars start vigil often.
 */
const FILES: Readonly<Record<string, () => Promise<readonly CliCommand[]>>> = {
  status: async () => [(await import('./status.js')).status],
  watch: async () => [(await import('./watch.js')).watch],
  report: async () => [(await import('./report.js')).report],
  agents: async () => {
    const { agents, agentsExplain } = await import('./agents.js');
    return [agents, agentsExplain];
  },
  alerts: async () => [(await import('./alerts.js')).alerts],
  explain: async () => [(await import('./explain.js')).explain],
  kill: async () => [(await import('./kill.js')).kill],
  actions: async () => [(await import('./actions.js')).actions],
  events: async () => [(await import('./events.js')).events],
  health: async () => [(await import('./health.js')).health],
  bar: async () => [(await import('./desktop/bar.js')).bar],
  focus: async () => [(await import('./desktop/focus.js')).focus],
  system: async () => [(await import('./system.js')).system],
  whitelist: async () => {
    const { whitelistList, whitelistAdd, whitelistRemove } = await import('./whitelist.js');
    return [whitelistList, whitelistAdd, whitelistRemove];
  },
  config: async () => {
    const config = await import('./config.js');
    return [
      config.configShow,
      config.configGet,
      config.configSet,
      config.configUnset,
      config.configEdit,
      config.configPathCommand,
      config.configCheck,
    ];
  },
  pause: async () => [(await import('./pause.js')).pause],
  resume: async () => [(await import('./pause.js')).resume],
  tray: async () => [(await import('./desktop/tray.js')).tray],
  daemon: async () => [(await import('./daemon.js')).daemon],
  'record-events': async () => [(await import('./recordings.js')).recordEvents],
  replay: async () => [(await import('./recordings.js')).replay],
  completion: async () => [(await import('./completion.js')).completion],
};

/** The words that commands begin with. */
export const FIRST_WORDS: ReadonlySet<string> = new Set(Object.keys(FILES));

/** The commands that begin with this word; none: there is no such command. */
export async function commandsOf(firstWord: string): Promise<readonly CliCommand[]> {
  return Object.hasOwn(FILES, firstWord) ? FILES[firstWord]!() : [];
}

export async function allCommands(): Promise<readonly CliCommand[]> {
  return (await Promise.all(Object.values(FILES).map(load => load()))).flat();
}
