import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

const SLOW = 'Slowly I answer what you asked. '.repeat(12);

export const daemonRestarted: Scenario = {
  name: 'daemon-restarted',
  agents: BOTH,
  needs_daemon: true,
  async run(stage) {
    const session = await stage.session([{ do: 'text', text: SLOW, delay_ms: 1000, chunk_ms: 1000 }]);
    await session.prompt('answer slowly');
    await sleep(3000);
    await stage.daemon!.restartDaemon();
    await session.untilDone();
    await sleep(4000);
  },
};

export const bpftraceKilled: Scenario = {
  name: 'bpftrace-killed',
  agents: BOTH,
  needs_daemon: true,
  async run(stage) {
    const session = await stage.session([
      { do: 'text', text: SLOW, delay_ms: 1000, chunk_ms: 1000 },
      { do: 'text', text: 'Quick.', delay_ms: 1500 },
    ]);
    await session.prompt('answer slowly');
    await sleep(3000);
    await stage.daemon!.killBpftrace();
    await session.untilDone();
    await sleep(4000);
    await session.prompt('answer quickly');
    await session.untilDone();
    await sleep(4000);
  },
};

/** One agent waits and one works when vigil starts. */
export const agentFirst: Scenario = {
  name: 'agent-first',
  agents: BOTH,
  needs_daemon: true,
  async run(stage) {
    await stage.daemon!.stopDaemon();
    const waiting = await stage.session([{ do: 'text', text: 'Quick.', delay_ms: 1500 }]);
    const working = await stage.session([{ do: 'text', text: SLOW, delay_ms: 1000, chunk_ms: 1000 }], {
      tmux: waiting.tmux,
    });
    await working.prompt('answer slowly');
    await sleep(2000);
    await stage.daemon!.startDaemon();
    await working.untilDone();
    await sleep(2000);
    await waiting.prompt('answer quickly');
    await waiting.untilDone();
    await sleep(4000);
  },
};
