import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

export const silentTool: Scenario = {
  name: 'silent-tool',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session(
      [
        { do: 'tool', tool: 'shell', text: 'I run it.', command: 'sleep 20', delay_ms: 500 },
        { do: 'text', text: 'It is done.', delay_ms: 500 },
      ],
      { allow_tools: true },
    );
    await session.prompt('run the slow thing');
    await session.untilDone();
    await sleep(4000);
  },
};
