import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK } from '../command.js';

export const pause = defineCommand({
  usage: 'pause',
  describe: 'Stop looking at the machine until vigil resume',
  details: [
    'No samples, no new alerts, no actions. The states of agents, badges and their notifications go on.',
    'It lasts until vigil resume or the next start of the daemon.',
  ],
  positionals: {},
  options: {},
  async run({ runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      await client.request('pause_monitoring');
      io.out('The watch over the machine is paused: vigil resume ends that.\n');
      return OK;
    });
  },
});

export const resume = defineCommand({
  usage: 'resume',
  describe: 'Look at the machine again after vigil pause',
  details: [],
  positionals: {},
  options: {},
  async run({ runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      await client.request('resume_monitoring');
      io.out('vigil watches the machine again.\n');
      return OK;
    });
  },
});
