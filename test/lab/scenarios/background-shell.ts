import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

/** The turn ends, its shell runs on: WAITING, with something in the background. */
export const backgroundShell: Scenario = {
  name: 'background-shell',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session(
      [
        { do: 'tool', tool: 'background_shell', command: 'sleep 60', delay_ms: 500 },
        { do: 'text', text: 'It runs in the background.', delay_ms: 800 },
      ],
      { allow_tools: true },
    );
    await session.prompt('start the server');
    await session.untilDone();
    await sleep(3000);
    await stage.check('background counts the shell', session, report => report.background >= 1);
    await sleep(5000);
  },
};
