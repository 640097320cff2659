import { askDaemon } from '../ask-daemon.js';
import { type CliCommand, defineCommand, OK } from '../command.js';

export const pause = defineCommand({
  usage: 'pause',
  describe: 'Stop looking at the machine until vigil resume',
  details: [
    'No samples, no new alerts, no actions. The states of agents, badges and their notifications go on.',
    'It lasts until vigil resume or the next start of the daemon.',
  ],
  run: asking('pause_monitoring', 'The watch over the machine is paused: vigil resume ends that.'),
});

export const resume = defineCommand({
  usage: 'resume',
  describe: 'Look at the machine again after vigil pause',
  run: asking('resume_monitoring', 'vigil watches the machine again.'),
});

function asking(request: 'pause_monitoring' | 'resume_monitoring', done: string): CliCommand['run'] {
  return ({ runtimeDir }, io) =>
    askDaemon(runtimeDir, async client => {
      await client.call(request);
      io.out(`${done}\n`);
      return OK;
    });
}
