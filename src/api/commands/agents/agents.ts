import { z } from 'zod';
import { list } from '../../../model/schema.js';
import { agentReportSchema } from '../../reports/agent.js';
import { agentStream } from '../../streams/agents.js';
import { defineCommand, USERS } from '../definition.js';

export const agents = defineCommand({
  name: 'agents',
  description: 'the agents that run, and those that ended of late',
  access: USERS,
  pace: 'stepwise',
  params: z.strictObject({
    follow: z.boolean().default(false).describe('say whenever the list may be another'),
  }),
  result: list(agentReportSchema),
  subscribe: { stream: agentStream, when: ({ follow }) => follow },
  *run({ agents, visibility }, _, { viewer }) {
    const all = yield* agents.list(viewer);
    return all.map(agent => visibility.agent(agent, viewer)).filter(agent => agent !== null);
  },
});
