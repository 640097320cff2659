import { z } from 'zod';
import {
  ACTION_TYPES,
  type ActionPlan,
  type ActionProposal,
  type ActionResult,
  type Facts,
  type ProcessOutcome,
  RISKS,
  type Step,
  type Verdict,
} from '../../model/action.js';
import { bytes, count, list, schemaOf, text, time_ms } from '../../model/schema.js';
import type { ActionRow } from '../../store/records.js';
import { processRefSchema } from './process.js';

export const actionType = z.enum(ACTION_TYPES);
export const risk = z.enum(RISKS);
export const scope = z.enum(['process', 'group', 'tree', 'cgroup']);

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;
const step = z.union([
  schemaOf<StepOf<'terminate'>>()({
    kind: z.literal('terminate'),
    scope,
    root: processRefSchema,
    pgid: z.int(),
    cgroup: text.nullable(),
    targets: list(processRefSchema),
    force: z.boolean().describe('SIGKILL at once'),
  }),
  schemaOf<StepOf<'renice'>>()({ kind: z.literal('renice'), target: processRefSchema, nice: z.int() }),
  schemaOf<StepOf<'restart_service'>>()({
    kind: z.literal('restart_service'),
    unit: text,
    argv: list(text),
  }),
]);

export const verdictSchema = schemaOf<Verdict>()({
  allowed: z.boolean(),
  risk,
  reason: text.describe('why (not), in plain words'),
  steps: list(step),
}).meta({ id: 'Verdict', description: 'what vigil would do' });

const proposal = schemaOf<ActionProposal>()({
  type: actionType,
  target: text.describe('a pid in decimal digits, or the name of a service'),
  scope: scope.optional(),
  force: z.boolean().optional(),
  risk: risk.optional(),
  command: text.optional(),
  explanation: text.optional(),
});

export const actionPlanSchema = schemaOf<ActionPlan>()({
  id: z.int(),
  alert_id: z.int().nullable(),
  rule: text.nullable(),
  time_ms,
  type: actionType,
  proposals: list(proposal).describe('one for each target; empty: only a person can do it'),
  verdict: verdictSchema,
  command: text.nullable().describe('for a person to copy'),
  text,
}).meta({ id: 'ActionPlan' });

const facts = schemaOf<Facts>()({ processes: count, rss_bytes: bytes });

const outcome = schemaOf<ProcessOutcome>()({
  process: processRefSchema,
  fate: z.enum([
    ...([
      'gone_before',
      'terminated',
      'killed',
      'zombie',
      'blocked',
      'survived',
      'spared',
      'dry_run',
    ] as const),
  ]),
  signals: list(text),
  took_ms: z.number().nullable(),
  note: text.nullable(),
});

export const actionResultSchema = schemaOf<ActionResult>()({
  time_ms,
  outcome: z.enum(['done', 'partly', 'failed', 'refused', 'dry_run']),
  processes: list(outcome),
  after: facts.nullable(),
  message: text,
}).meta({ id: 'ActionResult' });

export const actionRowSchema = schemaOf<ActionRow>()({
  id: z.int(),
  time_ms,
  mode: text,
  requested_by: text,
  alert_id: z.int().nullable(),
  what: text,
  targets: list(processRefSchema),
  argv: list(text).nullable(),
  evidence: z.unknown(),
  before: z.unknown(),
  after: z.unknown(),
  result: text.nullable().describe('null: not ended yet'),
  targets_total: count,
  damaged: z.boolean(),
}).meta({ id: 'ActionRow', description: 'one thing that vigil did, wanted to do, or was kept from doing' });
