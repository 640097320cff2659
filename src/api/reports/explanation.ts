import { z } from 'zod';
import type { Explanation } from '../../diagnosis/advisor.js';
import { FAILURES, type Failure } from '../../diagnosis/failure.js';
import type { Prompt } from '../../diagnosis/prompt.js';
import type { Diagnosis, SuggestedAction } from '../../diagnosis/schema.js';
import type { DiagnosedAction } from '../../model/action.js';
import { count, list, schemaOf, text, time_ms } from '../../model/schema.js';
import { actionPlanSchema, actionType, risk } from './action.js';
import { severity } from './alert.js';
import { processRefSchema } from './process.js';

const suggestion = schemaOf<SuggestedAction>()({
  type: actionType,
  target: text,
  command: text,
  risk,
  explanation: text,
});

const diagnosis = schemaOf<Diagnosis>()({
  diagnostic: text,
  severity,
  actions: list(suggestion),
  prevention: text,
});

const target = z.union([
  z.strictObject({ kind: z.literal('processes'), processes: list(processRefSchema) }),
  z.strictObject({ kind: z.literal('unit'), unit: text }),
  z.strictObject({ kind: z.literal('host') }),
]);

const proposal = schemaOf<DiagnosedAction>()({
  type: actionType,
  target,
  risk,
  explanation: text,
  command: text,
});

const explanationSchema = schemaOf<Explanation>()({
  proposals: list(proposal),
  left_out: list(text).describe('why actions, or parts of their targets, were left out'),
  time_ms,
  by: z.enum(['model', 'rules']),
  model: text.nullable(),
  diagnosis,
  failure: schemaOf<Failure>()({ code: z.enum(FAILURES), message: text, wait_ms: z.number().nullable() })
    .nullable()
    .describe('why no model explains'),
  usage: z
    .strictObject({ input_tokens: count, output_tokens: count, provider: text, model: text })
    .nullable()
    .describe('what the question has cost'),
});

export const explainedSchema = z
  .strictObject({ explanation: explanationSchema, plans: list(actionPlanSchema) })
  .meta({ id: 'Explained', description: 'why, by a model or by the rules, and what could be done' });
export type Explained = z.infer<typeof explainedSchema>;

export const promptSchema = schemaOf<Prompt>()({ system: text, user: text }).meta({
  id: 'Prompt',
  description: 'exactly what a model would be sent',
});
