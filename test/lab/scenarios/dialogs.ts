import { sleep } from '../clock.js';
import { ALL, type Scenario } from '../scenario.js';

/** The agent asks a question of its own (AskUserQuestion). */
export const question: Scenario = {
  name: 'question',
  // Codex and pi ask none; Kimi Code's dialog wants more than Enter.
  agents: ALL.filter(kind => !['codex', 'pi', 'kimi'].includes(kind)),
  async run(stage) {
    const session = await stage.session([
      { do: 'tool', tool: 'question', text: 'I need to know.', delay_ms: 1500 },
      { do: 'text', text: 'Red it is.', delay_ms: 1500 },
    ]);
    await session.prompt('paint it');
    await session.untilQuestion();
    await sleep(5000);
    await session.accept();
    await session.untilDone();
    await sleep(4000);
  },
};

/** The agent asks for its plan to be approved (ExitPlanMode). */
export const plan: Scenario = {
  name: 'plan',
  agents: ['claude-code'],
  async run(stage) {
    const session = await stage.session([
      { do: 'tool', tool: 'plan', text: 'Here is my plan.', delay_ms: 1500 },
      { do: 'text', text: 'I do it.', delay_ms: 1500 },
    ]);
    await session.pane.key('BTab');
    await sleep(300);
    await session.pane.key('BTab');
    await sleep(1000);
    await session.prompt('plan it');
    await session.untilApproval();
    await sleep(5000);
    await session.accept();
    await session.untilDone();
    await sleep(4000);
  },
};
