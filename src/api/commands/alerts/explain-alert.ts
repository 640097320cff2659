import { z } from 'zod';
import { explainedSchema, promptSchema } from '../../reports/explanation.js';
import { defineCommand, USERS } from '../definition.js';
import { mustHaveLooked } from '../machine/latest.js';
import { findAlert } from './find-alert.js';

export const explainAlert = defineCommand({
  name: 'explain_alert',
  description: 'why there is an alert, and what could be done about it',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({
    id: z.int().min(1),
    prompt: z
      .boolean()
      .default(false)
      .describe('instead of an explanation, exactly what a model would be sent'),
  }),
  result: z.union([explainedSchema, promptSchema]),
  run: async (services, { id, prompt }, caller) => {
    const alert = await findAlert(id, services, caller);
    mustHaveLooked(services);
    const { explanations } = services;
    return prompt
      ? explanations.prompt({ kind: 'alert', alert }, caller.viewer)
      : explanations.explainAlert(alert, caller.viewer, caller.inTurns);
  },
});
