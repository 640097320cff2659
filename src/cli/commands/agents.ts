import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { agentsTable } from '../ui/agents-table.js';

export const agents = defineCommand({
  usage: 'agents',
  describe: 'List the AI coding agents that run, and what each is doing',
  details: [
    'States are WORKING (thinking, tool, stalled), WAITING (approval, question, done, input), EXITED (exit, signal, oom) and UNKNOWN. Agents that ask for something stand on top.',
    'Root, the user of the daemon and members of the group vigil see the agents of all users, everybody else their own.',
  ],
  options: {
    json: { ...JSON_OPTION, describe: 'Print a JSON array' },
    watch: {
      type: 'boolean',
      default: false,
      alias: 'w',
      describe: 'Keep the table on the screen, up to date; q leaves',
    },
  },
  async run({ json, watch, runtimeDir }, io) {
    if (watch && json)
      throw new UsageError('--watch draws a table; for JSON as it happens use: vigil events --follow --json');
    if (watch) {
      const { watchAgents } = await import('../ui/agents-watch.js');
      return watchAgents(runtimeDir, io);
    }
    return askDaemon(runtimeDir, async client => {
      const list = await client.call('agents');
      printAnswer(io, json, list, () =>
        list.length === 0 ? ['No agents are running.'] : agentsTable(list, io),
      );
      return OK;
    });
  },
});
