import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

export const quit: Scenario = {
  name: 'quit',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session([{ do: 'text', text: 'Hello.', delay_ms: 1500 }]);
    await session.prompt('hello');
    await session.untilDone();
    await sleep(3000);
    await session.quit();
    await sleep(2000);
  },
};
