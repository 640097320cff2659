import { z } from 'zod';
import { list } from '../../../model/schema.js';
import { actionPlanSchema } from '../../reports/action.js';
import { defineCommand, USERS } from '../definition.js';
import { findAlert } from './find-alert.js';

export const plans = defineCommand({
  name: 'plans',
  description: 'what could be done about an alert',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({ alert: z.int().min(1) }),
  result: list(actionPlanSchema),
  run: async (services, { alert }, caller) =>
    services.actions.plans(await findAlert(alert, services, caller), caller.viewer, caller.inTurns),
});
