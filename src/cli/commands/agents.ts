import { EXIT_REASONS, WAITING_REASONS, WORKING_REASONS } from '../../model/agent.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { pidOf } from '../target.js';

export const agents = defineCommand({
  usage: 'agents',
  describe: 'List the AI coding agents that run, and what each is doing (explain says why)',
  details: [
    `States are WORKING (${WORKING_REASONS.join(', ')}), WAITING (${WAITING_REASONS.join(', ')}), EXITED (${EXIT_REASONS.join(', ')}) and UNKNOWN. Agents that ask for something stand on top, then those in trouble.`,
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
      // While it is asked, and not at all where nobody answers.
      const drawing = import('../ui/agents-table.js');
      const list = await client.call('agents');
      const { agentsTable } = await drawing;
      printAnswer(io, json, list, () =>
        list.length === 0 ? ['No agents are running.'] : agentsTable(list, io),
      );
      return OK;
    });
  },
});

export const agentsExplain = defineCommand({
  usage: 'agents explain <pid>',
  describe: 'Say why an agent is believed to be in its state',
  details: ['The process may be any of the agent’s session: a tool that it runs leads to the agent, too.'],
  positionals: {
    pid: { type: 'string', describe: 'Process id of the agent, or of any process of its session' },
  },
  options: {
    json: JSON_OPTION,
    session: {
      type: 'string',
      requiresArg: true,
      describe: 'Of several conversations in one process, the one with this session id',
    },
  },
  async run({ json, session, runtimeDir, positional }, io) {
    const pid = pidOf(positional.pid ?? '');
    return askDaemon(runtimeDir, async client => {
      const drawing = Promise.all([import('../ui/agents-explain.js'), import('../ui/wrap.js')]);
      const which = session === undefined ? {} : { session_id: session };
      const report = await client.call('explain', { pid, ...which });
      const [{ explainText }, { fitted }] = await drawing;
      printAnswer(io, json, report, () => fitted(explainText(report, io), io.columns));
      return OK;
    });
  },
});
