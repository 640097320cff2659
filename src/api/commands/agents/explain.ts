import { z } from 'zod';
import { RequestError } from '../../protocol.js';
import { explainReportSchema } from '../../reports/agent.js';
import { defineCommand, USERS } from '../definition.js';

export const explain = defineCommand({
  name: 'explain',
  description: 'why an agent is in the state that it is in',
  access: USERS,
  pace: 'stepwise',
  params: z.strictObject({
    pid: z.int().min(1).describe('any process of the session'),
    session_id: z
      .string()
      .max(200)
      .exactOptional()
      .describe(
        'which conversation, where the process holds several; else the one that wants its person most',
      ),
  }),
  result: explainReportSchema,
  *run({ agents, visibility }, { pid, session_id }, { viewer }) {
    const report = yield* agents.explain(pid, session_id);
    const told = report === undefined ? null : visibility.explained(report, viewer);
    // Somebody else's agent and no agent at all look the same.
    if (told === null) throw new RequestError('not_found', `pid ${pid} belongs to no agent that vigil knows`);
    return told;
  },
});
