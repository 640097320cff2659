import { z } from 'zod';
import { RequestError } from '../../protocol.js';
import { explainReportSchema } from '../../reports/agent.js';
import { defineCommand, USERS } from '../definition.js';

export const explain = defineCommand({
  name: 'explain',
  description: 'why an agent is in the state that it is in',
  access: USERS,
  pace: 'stepwise',
  params: z.strictObject({ pid: z.int().min(1).describe('any process of the session') }),
  result: explainReportSchema,
  *run({ agents, visibility }, { pid }, { viewer }) {
    const report = yield* agents.explain(pid);
    const told = report === undefined ? null : visibility.explained(report, viewer);
    // Somebody else's agent and no agent at all look the same.
    if (told === null) throw new RequestError('not_found', `pid ${pid} belongs to no agent that vigil knows`);
    return told;
  },
});
