import { z } from 'zod';
import { list } from '../../../model/schema.js';
import { actionRowSchema } from '../../reports/action.js';
import { defineCommand, historyUid, noHistory, USERS } from '../definition.js';

export const actions = defineCommand({
  name: 'actions',
  description: 'what was done, the latest first',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({ limit: z.int().min(1).max(1_000).default(100) }),
  result: list(actionRowSchema),
  run: async ({ history }, { limit }, caller) => {
    const rows = await history.actions(limit, historyUid(caller), caller.asker);
    if (rows === null) throw noHistory();
    return rows;
  },
});
