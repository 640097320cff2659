import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

export const terminalClosed: Scenario = {
  name: 'terminal-closed',
  agents: ALL,
  async run(stage) {
    const text = 'An answer that goes on and on. '.repeat(100);
    const session = await stage.session([{ do: 'text', text, delay_ms: 500, chunk_ms: 200 }]);
    await session.prompt('go on');
    await sleep(3000);
    await session.closeTerminal();
    await sleep(2000);
  },
};
