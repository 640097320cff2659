import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

const SENTENCE = 'The quick brown fox jumps over the lazy dog while the band plays on. ';

export const longStream: Scenario = {
  name: 'long-stream',
  agents: ALL,
  async run(stage) {
    const session = await stage.session([
      { do: 'text', text: SENTENCE.repeat(60), delay_ms: 1000, chunk_chars: 50, chunk_ms: 150 },
    ]);
    await session.prompt('tell me a long story');
    await session.untilDone();
    await sleep(4000);
  },
};
