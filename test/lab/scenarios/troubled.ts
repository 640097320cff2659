import { sleep } from '../clock.js';
import { ALL, BOTH, type Scenario } from '../scenario.js';

const SLOW = 'Slowly I answer what you asked. '.repeat(12);

/** Stopped in mid-turn, as by Ctrl-Z, and again at its prompt. */
export const stopped: Scenario = {
  name: 'stopped',
  agents: BOTH,
  async run(stage) {
    // tmux itself lets go on what it started and sees stopped.
    const steps = [{ do: 'text', text: SLOW, delay_ms: 500, chunk_ms: 1000 } as const];
    const session = await stage.session(steps, { place: 'shell' });
    await session.prompt('answer slowly');
    await sleep(3000);
    session.stop();
    await sleep(4000);
    session.goOn('WORKING', 'thinking');
    await session.untilDone();
    await sleep(2000);
    session.stop();
    await sleep(3000);
    session.goOn('WAITING', 'done');
    await sleep(3000);
  },
};

/** Its terminal gets another size again and again, at rest and at work. */
export const resized: Scenario = {
  name: 'resize',
  agents: BOTH,
  async run(stage) {
    const session = await stage.session([{ do: 'text', text: SLOW, delay_ms: 500, chunk_ms: 400 }]);
    const resize = async (): Promise<void> => {
      for (const columns of [120, 100, 140, 90, 150]) {
        await session.tmux.tmux('resize-window', '-t', 'lab', '-x', String(columns), '-y', '50');
        await sleep(700);
      }
    };
    await resize();
    await session.prompt('answer slowly');
    await resize();
    await session.untilDone();
    await sleep(2000);
    await resize();
    await sleep(2000);
  },
};

/** A new conversation in the same process. */
export const cleared: Scenario = {
  name: 'clear',
  agents: ['claude-code'],
  async run(stage) {
    const session = await stage.session([
      { do: 'text', text: 'Hello.', delay_ms: 1000 },
      { do: 'tool', tool: 'shell', ask: true, command: 'echo hi >out', delay_ms: 1000 },
      { do: 'text', text: 'It is done.', delay_ms: 1000 },
    ]);
    await session.prompt('hello');
    await session.untilDone();
    await sleep(3000);
    await session.pane.submit('/clear');
    await sleep(4000);
    await session.prompt('run it');
    await session.untilApproval();
    await sleep(3000);
    await session.accept();
    await session.untilDone();
    await sleep(3000);
  },
};

/** A very long answer at once. */
export const hugeOutput: Scenario = {
  name: 'huge-output',
  agents: BOTH,
  async run(stage) {
    const text = 'A line of very many that say nothing at all.\n'.repeat(1500);
    const session = await stage.session([
      { do: 'text', text, delay_ms: 800, chunk_chars: 1500, chunk_ms: 60 },
    ]);
    await session.prompt('say very much');
    await session.untilDone();
    await sleep(4000);
  },
};

/** It asks whether the folder is trusted before it takes a prompt. */
export const trustDialog: Scenario = {
  name: 'trust-dialog',
  agents: ['claude-code'],
  async run(stage) {
    const session = stage.add([{ do: 'text', text: 'Hello.', delay_ms: 1500 }], {
      prepare: ({ untrust }) => untrust(),
      first_dialog: /trust/i,
    });
    await session.start();
    await sleep(9000);
    await session.toPrompt();
    await session.prompt('hello');
    await session.untilDone();
    await sleep(3000);
  },
};

/** Nothing moves on its screen while it works. */
export const reducedMotion: Scenario = {
  name: 'reduced-motion',
  agents: BOTH,
  async run(stage) {
    const session = stage.add(
      [
        { do: 'tool', tool: 'shell', command: 'sleep 8', delay_ms: 4000 },
        { do: 'text', text: 'It is done.', delay_ms: 5000 },
      ],
      { allow_tools: true, prepare: ({ calm }) => calm() },
    );
    await session.start();
    await session.prompt('run it');
    await session.untilDone();
    await sleep(4000);
  },
};

/** What a sub-agent asks for, its person is asked. */
export const subagent: Scenario = {
  name: 'subagent',
  agents: ['claude-code'],
  async run(stage) {
    const session = await stage.session([
      { do: 'tool', tool: 'subagent', command: 'look around', delay_ms: 1000 },
      { do: 'text', text: 'I have looked.', delay_ms: 3000 },
      { do: 'text', text: 'It has looked.', delay_ms: 1500 },
    ]);
    await session.prompt('let it look around');
    await session.untilDone();
    await sleep(4000);
  },
};

/** Three turns, each with a request. */
export const approvals: Scenario = {
  name: 'approvals',
  // pi asks no permission.
  agents: ALL.filter(kind => kind !== 'pi'),
  async run(stage) {
    const turn = (n: number) => [
      { do: 'tool', tool: 'shell', ask: true, command: `echo ${n} >out${n}`, delay_ms: 1200 } as const,
      { do: 'text', text: 'It is done.', delay_ms: 1200 } as const,
    ];
    const session = await stage.session([...turn(1), ...turn(2), ...turn(3)]);
    for (const n of [1, 2, 3]) {
      await session.prompt(`run it ${n}`);
      await session.untilApproval();
      await sleep(1500);
      await session.accept();
      await session.untilDone();
      await sleep(2000);
    }
  },
};
