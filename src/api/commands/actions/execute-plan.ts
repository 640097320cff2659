import { z } from 'zod';
import { actionResultSchema } from '../../reports/action.js';
import { defineCommand, USERS } from '../definition.js';
import { personOf } from './person.js';

export const executePlan = defineCommand({
  name: 'execute_plan',
  description: 'does what a plan says',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({ id: z.int().min(1).describe('of a plan that was shown') }),
  result: actionResultSchema,
  run: async ({ actions }, { id }, caller) => actions.execute(id, personOf(caller), caller.inTurns),
});
