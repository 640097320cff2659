import type { AgentReport } from '../../../api/client/index.js';
import { printable } from '../../../lib/text/printable.js';
import { askDaemon } from '../../ask-daemon.js';
import { nextToFocus } from '../../bars/order.js';
import { defineCommand, OK, PROBLEM, UsageError } from '../../command.js';
import { shortPath } from '../../ui/format.js';

export const focus = defineCommand({
  usage: 'focus <agent>',
  describe: 'Bring an agent before your eyes: workspace, window and tmux pane',
  details: [
    'next is the agent that has waited for you longest: requests first, then turns that ended. Exits 1 when nothing waits, or when the agent has no window.',
  ],
  positionals: { agent: { type: 'string', describe: 'Process id of one of your agents, or next' } },
  async run({ runtimeDir, positional }, io) {
    const wanted = positional.agent ?? '';
    if (wanted !== 'next' && !/^[1-9]\d{0,9}$/.test(wanted))
      throw new UsageError(`"${printable(wanted, 40)}" is neither next nor a process id`);
    const agent = await choose(wanted, runtimeDir);
    if (agent === undefined) {
      io.err(
        wanted === 'next' ? 'vigil: no agent of yours waits\n' : `vigil: ${wanted} is no agent of yours\n`,
      );
      return PROBLEM;
    }
    // It is done here, as the user who asks: the daemon is not asked to act for anybody.
    const { showAgent } = await import('../../../outputs/desktop/show-agent.js');
    const why = await showAgent(agent, io.env);
    if (why === null) return OK;
    const where =
      agent.cwd === null ? '' : ` in ${printable(shortPath(agent.cwd, io.home, agent.user), 200)}`;
    io.err(
      `vigil: cannot focus ${printable(agent.agent, 32)}[${agent.pid}]${where}: ${printable(why, 200)}\n`,
    );
    return PROBLEM;
  },
});

async function choose(wanted: string, runtimeDir: string | undefined): Promise<AgentReport | undefined> {
  const uid = process.geteuid!();
  return askDaemon(runtimeDir, async client => {
    if (wanted === 'next') return nextToFocus(await client.call('agents'), uid);
    const { agent } = await client.call('explain', { pid: Number(wanted) });
    return agent.uid === uid && agent.state !== 'EXITED' ? agent : undefined;
  });
}
