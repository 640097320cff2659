import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

export const approvalAccepted: Scenario = {
  name: 'approval-accepted',
  // pi asks no permission.
  agents: ALL.filter(kind => kind !== 'pi'),
  async run(stage) {
    const session = await stage.session([
      {
        do: 'tool',
        tool: 'shell',
        ask: true,
        text: 'I run it.',
        command: 'sleep 4; echo hi >out',
        delay_ms: 1500,
      },
      { do: 'text', text: 'It is done.', delay_ms: 1000 },
    ]);
    await session.prompt('run it');
    await session.untilApproval();
    await sleep(8000);
    await session.accept();
    await session.untilDone();
    await sleep(4000);
  },
};
