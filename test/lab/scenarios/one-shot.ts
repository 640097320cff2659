import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

/** `claude -p`, `codex exec`: works, never waits, ends. */
export const oneShot: Scenario = {
  name: 'one-shot',
  agents: BOTH,
  async run(stage) {
    const session = stage.add(
      [
        { do: 'tool', tool: 'shell', command: 'sleep 3', delay_ms: 2000 },
        { do: 'text', text: 'Done with it.', delay_ms: 2500 },
      ],
      { allow_tools: true },
    );
    await session.startOneShot('do it');
    await sleep(3000);
    await stage.check('is not interactive', session, report => !report.interactive);
    await session.gone({ exit_code: 0 });
    await sleep(1000);
  },
};
