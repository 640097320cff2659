import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

export const approvalRejected: Scenario = {
  name: 'approval-rejected',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session([
      { do: 'tool', tool: 'shell', ask: true, text: 'I run it.', command: 'echo hi >out', delay_ms: 1500 },
      { do: 'text', text: 'Then not.', delay_ms: 1000 },
    ]);
    await session.prompt('run it');
    await session.untilApproval();
    await sleep(3000);
    await session.escape();
    await sleep(4000);
    await session.prompt('do not');
    await session.untilDone();
    await sleep(4000);
  },
};
