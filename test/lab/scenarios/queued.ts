import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

/** A second prompt is sent while the first is still answered: one stretch of work. */
export const queued: Scenario = {
  name: 'queued',
  agents: BOTH,
  async run(stage) {
    const text = 'The first answer takes its time. '.repeat(8);
    const session = await stage.session([
      { do: 'text', text, delay_ms: 1000, chunk_ms: 500 },
      { do: 'text', text: 'The second answer.', delay_ms: 2500 },
    ]);
    await session.prompt('first');
    await sleep(2000);
    await session.pane.submit('second');
    await session.untilAllDone(2);
    await sleep(4000);
  },
};
