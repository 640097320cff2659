import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

export const apiStall: Scenario = {
  name: 'api-stall',
  agents: ALL,
  async run(stage) {
    const text = 'First half of the answer. '.repeat(4) + 'Second half of the answer. '.repeat(4);
    const session = await stage.session([{ do: 'text', text, delay_ms: 500, stall_ms: 20_000 }]);
    await session.prompt('answer slowly');
    await session.untilDone();
    await sleep(4000);
  },
};
