import { z } from 'zod';
import { actionResultSchema, scope, verdictSchema } from '../../reports/action.js';
import { type Caller, defineCommand, USERS } from '../definition.js';
import { personOf } from './person.js';

const params = z.strictObject({
  pid: z.int().min(1).max(4_194_304),
  start_ticks: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('as it was shown to the person; without it: whoever has the pid now'),
  scope: scope.default('process'),
  force: z.boolean().default(false).describe('SIGKILL at once'),
  signal: z
    .enum(['SIGTERM', 'SIGKILL'], 'must be SIGTERM or SIGKILL: vigil sends no others')
    .optional()
    .describe('as RunawayGuard’s clients say it'),
});

/** Who may is the engine's to decide: root, the owner of the target, the group vigil. */
export const killPreview = defineCommand({
  name: 'kill_preview',
  description: 'what `kill_process` would do: each process that would be hit',
  access: USERS,
  pace: 'queued',
  params,
  result: verdictSchema,
  run: async ({ actions }, params, caller) => actions.previewKill(requestOf(params, caller), caller.inTurns),
});

export const killProcess = defineCommand({
  name: 'kill_process',
  description: 'ends a process, or what belongs to it; answers when all of it is gone, or is known to stay',
  access: USERS,
  pace: 'queued',
  params,
  result: actionResultSchema,
  run: async ({ actions }, params, caller) => actions.kill(requestOf(params, caller), caller.inTurns),
});

function requestOf({ signal, force, ...rest }: z.output<typeof params>, caller: Caller) {
  return { ...rest, force: force || signal === 'SIGKILL', by: personOf(caller) };
}
