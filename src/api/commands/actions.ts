import { z } from 'zod';
import type { Person } from '../../model/action.js';
import { type CommandContext, command, noHistory, RequestError } from './definition.js';
import { findAlert } from './find-alert.js';

const kill = z.strictObject({
  pid: z.int().min(1).max(4_194_304),
  /** As it was shown to the person; without it: whoever has the pid now. */
  start_ticks: z.int().min(0).nullable().default(null),
  scope: z.enum(['process', 'group', 'tree', 'cgroup']).default('process'),
  force: z.boolean().default(false),
  /** As RunawayGuard's clients say it. */
  signal: z.enum(['SIGTERM', 'SIGKILL'], 'must be SIGTERM or SIGKILL: vigil sends no others').optional(),
});

/** About what is done. Who may is the engine's to decide: root, the owner of the target, the group vigil. */
export const actionCommands = {
  kill_preview: command({
    params: kill,
    open: false,
    run: (params, context) => context.view.previewKill(requestOf(params, context), context.inTurns),
  }),
  kill_process: command({
    params: kill,
    open: false,
    run: (params, context) => context.view.kill(requestOf(params, context), context.inTurns),
  }),
  plans: command({
    params: z.strictObject({ alert: z.int().min(1) }),
    open: false,
    run: async ({ alert }, context) =>
      context.view.plans(await findAlert(alert, context), context.sees, context.inTurns),
  }),
  execute_plan: command({
    params: z.strictObject({ id: z.int().min(1) }),
    open: false,
    run: ({ id }, context) => context.view.executePlan(id, personOf(context), context.inTurns),
  }),
  actions: command({
    params: z.strictObject({ limit: z.int().min(1).max(1_000).default(100) }),
    open: false,
    run: async ({ limit }, { view, sees, asker }) => {
      const actions = await view.actions(limit, sees.kind === 'user' ? sees.uid : null, asker);
      if (actions === null) throw noHistory();
      return actions;
    },
  }),
};

function requestOf({ signal, force, ...rest }: z.output<typeof kill>, context: CommandContext) {
  return { ...rest, force: force || signal === 'SIGKILL', by: personOf(context) };
}

function personOf({ peer }: CommandContext): Person {
  if (peer === null) throw new RequestError('denied', 'who you are could not be found out');
  const { uid, gid, groups } = peer;
  return { uid, gid, groups };
}
