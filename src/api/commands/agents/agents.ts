import { list } from '../../../model/schema.js';
import { agentReportSchema } from '../../reports/agent.js';
import { defineCommand, none, USERS } from '../definition.js';

export const agents = defineCommand({
  name: 'agents',
  description: 'the agents that run, and those that ended of late',
  access: USERS,
  pace: 'stepwise',
  params: none,
  result: list(agentReportSchema),
  *run({ agents, visibility }, _, { viewer }) {
    const all = yield* agents.list(viewer);
    return all.map(agent => visibility.agent(agent, viewer)).filter(agent => agent !== null);
  },
});
