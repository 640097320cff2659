import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

/** Two agents in one multiplexer, one working while the other waits. */
export const twoAtOnce: Scenario = {
  name: 'two-at-once',
  agents: BOTH,
  async run(stage) {
    const slow = 'Slowly I answer what you asked. '.repeat(10);
    const first = await stage.session([{ do: 'text', text: slow, delay_ms: 1000, chunk_ms: 500 }]);
    const second = await stage.session(
      [
        { do: 'text', text: 'Quick.', delay_ms: 1000 },
        { do: 'text', text: 'Quick again.', delay_ms: 1500 },
      ],
      { tmux: first.tmux },
    );
    await first.prompt('answer slowly');
    await second.prompt('answer quickly');
    await second.untilDone();
    await first.untilDone();
    await sleep(3000);
    await second.prompt('answer quickly once more');
    await second.untilDone();
    await sleep(4000);
  },
};
