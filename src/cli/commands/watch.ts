import { connectToDaemon } from '../../api/client/index.js';
import { defineCommand, OK, UsageError } from '../command.js';

export const watch = defineCommand({
  usage: 'watch',
  describe: 'Show machine, agents, their processes and alerts on the whole screen, live',
  details: [
    'Keys: arrows or j and k choose a row, Tab goes to the next pane, s sorts, / filters, Enter shows everything about the row, f goes to the agent’s window, e asks for an explanation, x ends a process after showing what that would hit, w puts it on the whitelist, a shows the processes of the machine, p pauses the watch, ? helps, q leaves.',
    'It needs a terminal and works in small ones; when the daemon goes away it says so and finds the next one.',
  ],
  async run({ runtimeDir }, io) {
    if (io.columns === null || !process.stdin.isTTY)
      throw new UsageError('watch needs a terminal; use: vigil status, or vigil events --follow');
    const { openScreen } = await import('../ui/screen.js');
    const { WatchApp } = await import('../watch/app.js');
    // Fails here, with the usual words, when there is no daemon.
    const client = await connectToDaemon({ runtimeDir });
    const screen = openScreen();
    io.endWithReader();
    const app = new WatchApp(runtimeDir, io, screen);
    try {
      app.start(client);
      await screen.left;
      return OK;
    } finally {
      app.stop();
      screen.close();
    }
  },
});
