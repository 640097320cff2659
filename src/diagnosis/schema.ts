import { z } from 'zod';
import { ACTION_TYPES, type ActionType, RISKS, type Risk } from '../model/action.js';
import { SEVERITIES, type Severity } from '../model/alert.js';

/** What a model answers, and what the rules answer in its place. */

export interface SuggestedAction {
  type: ActionType;
  /** As it was named: pids, a unit, or nothing. See targets.ts for what it means. */
  target: string;
  /** For people to read. Nothing ever runs it, and no argument vector is made from it. */
  command: string;
  /** What the model thinks; vigil's own policy can only find it worse. */
  risk: Risk;
  explanation: string;
}

export interface Diagnosis {
  diagnostic: string;
  severity: Severity;
  actions: readonly SuggestedAction[];
  prevention: string;
}

export const MAX_ACTIONS = 20;
const MAX_TEXT = 4000;
const MAX_COMMAND = 500;
const MAX_TARGET = 1000;

/** What is asked for: without limits, which not every provider's schema dialect knows. */
export const answerSchema = z.strictObject({
  diagnostic: z.string().describe('What is going on and why, in plain words, at most six sentences'),
  severity: z.enum(SEVERITIES).describe('How bad it is for the person, from mildest to worst'),
  actions: z
    .array(
      z.strictObject({
        type: z.enum(ACTION_TYPES),
        target: z
          .string()
          .describe('pids separated by commas, or the name of a unit, from the data; else empty'),
        command: z.string().describe('How a person would do it by hand; only shown'),
        risk: z.enum(RISKS),
        explanation: z.string().describe('Why, and what is lost by it'),
      }),
    )
    .describe('Best first; empty when nothing should be done'),
  prevention: z.string().describe('How to keep it from happening again'),
});

/** The JSON Schema of an answer. */
export function answerJsonSchema(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(answerSchema) as Record<string, unknown>;
  return schema;
}

const text = (max: number) => z.string().transform(value => cut(value, max));

/** What is taken: long words are cut, a target is never cut, for it would mean something else. */
const takenSchema = z.object({
  diagnostic: z
    .string()
    .min(1)
    .transform(value => cut(value, MAX_TEXT)),
  severity: z.enum(SEVERITIES),
  actions: z
    .array(
      z.object({
        type: z.enum(ACTION_TYPES),
        target: z.string().max(MAX_TARGET),
        command: text(MAX_COMMAND),
        risk: z.enum(RISKS),
        explanation: text(MAX_TEXT),
      }),
    )
    .transform(actions => actions.slice(0, MAX_ACTIONS)),
  prevention: text(MAX_TEXT),
});

function cut(value: string, max: number): string {
  return value.length <= max ? value : `${value.slice(0, max - 1)}…`;
}

export type ReadAnswer = { ok: true; diagnosis: Diagnosis } | { ok: false; message: string };

/** Reads the text that a model wrote. Believes nothing: it must be JSON of the schema's shape. */
export function readAnswer(written: string): ReadAnswer {
  let value: unknown;
  try {
    value = JSON.parse(unfenced(written));
  } catch {
    return { ok: false, message: 'the answer is not JSON' };
  }
  const result = takenSchema.safeParse(value);
  if (result.success) return { ok: true, diagnosis: result.data };
  const issue = result.error.issues[0]!;
  // The place only: the issue's own words may quote the answer.
  const place = issue.path.map(String).join('.').slice(0, 100);
  return { ok: false, message: `the answer has not the agreed form${place === '' ? '' : ` (at ${place})`}` };
}

/** Some models put JSON into a Markdown fence although they were asked not to. */
function unfenced(written: string): string {
  const trimmed = written.trim();
  return /^```(?:json)?\s*\n([\s\S]*)\n```$/.exec(trimmed)?.[1] ?? trimmed;
}
