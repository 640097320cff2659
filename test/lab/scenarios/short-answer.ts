import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

export const shortAnswer: Scenario = {
  name: 'short-answer',
  agents: ALL,
  async run(stage) {
    const session = await stage.session([
      { do: 'text', text: 'Hello.', delay_ms: 800 },
      { do: 'text', text: 'Hello again.', delay_ms: 2000 },
    ]);
    await session.prompt('say hello');
    await session.untilDone();
    await sleep(4000);
    await session.prompt('and again');
    await session.untilDone();
    await sleep(4000);
  },
};
