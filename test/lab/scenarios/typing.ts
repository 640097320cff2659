import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

/** Typing is not working. */
export const typing: Scenario = {
  name: 'typing',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session([{ do: 'text', text: 'I see.', delay_ms: 1000 }]);
    const text = 'please look at this very long thought of mine and';
    for (const letter of text) {
      await session.pane.type(letter);
      await sleep(120 + (text.indexOf(letter) % 7) * 40);
    }
    await sleep(3000);
    await session.prompt(' tell me what you think');
    await session.untilDone();
    await sleep(4000);
  },
};
