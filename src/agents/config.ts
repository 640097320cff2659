import { z } from 'zod';
import { BY_GROUP, formerly } from '../model/config-key.js';
import type { TrackerOptions } from './tracker/tracker.js';

const state = z
  .strictObject({
    wait_threshold_ms: z
      .int()
      .min(100)
      .max(60_000)
      .default(1000)
      .describe(
        'How long an agent that does not speak for itself must be quiet before it counts as WAITING.',
      ),
    stall_after_s: z
      .int()
      .min(10)
      .max(86_400)
      .default(300)
      .describe('After this long at work without any sign of progress an agent counts as stalled.'),
    exited_keep_s: z
      .int()
      .min(0)
      .max(86_400)
      .default(60)
      .describe('How long an agent that has ended stays in the list.'),
  })
  .describe('When a state is believed.')
  .meta(BY_GROUP);

const evidence = z
  .strictObject({
    self_reported: z
      .boolean()
      .default(true)
      .describe(
        'Use what agents say of themselves: session registry, terminal titles, transcripts. `false`: their activity seen by the kernel only.',
      )
      .meta(formerly('evidence.words')),
  })
  .describe('What counts as evidence of a state.')
  .meta(BY_GROUP);

const agent = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9-]{0,31}$/,
        'must be 1 to 32 lower case letters, digits and dashes, and not begin with a dash',
      )
      .describe('What `vigil agents` calls it.'),
    commands: z
      .array(
        z
          .string()
          .regex(/^[^/\0]+$/, 'must be the name of a program without its folder; paths go into `paths`'),
      )
      .max(64)
      .default([])
      .describe('Names of programs, without their folders, e.g. `["my-agent"]`.'),
    paths: z
      .array(z.string().regex(/^\/[^\0]*$/, 'must be an absolute path'))
      .max(64)
      .default([])
      .describe('Absolute paths of programs, exact or with `*`, e.g. `["/opt/agents/*/bin/run"]`.'),
    argv_contains: z
      .array(z.string().min(1))
      .max(64)
      .optional()
      .describe('Only processes that have each of these among their arguments.'),
  })
  .refine(kind => kind.commands.length + kind.paths.length > 0, {
    message: 'needs `commands` or `paths`: nothing says which programs it is',
  })
  .describe('An agent of your own, recognised by the name or the path of its program.');

/** `[state]`, `[evidence]` and `[[agents]]` */
export const agentsConfig = {
  state: state.prefault({}),
  evidence: evidence.prefault({}),
  agents: z
    .array(agent)
    .max(256)
    .default([])
    .superRefine((kinds, ctx) => {
      const seen = new Set<string>();
      kinds.forEach((kind, index) => {
        if (seen.has(kind.name)) {
          ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `is used twice: "${kind.name}"` });
        }
        seen.add(kind.name);
      });
    })
    .describe('Agents of your own: one `[[agents]]` table each.')
    .meta(BY_GROUP),
};

export type AgentsConfig = z.infer<z.ZodObject<typeof agentsConfig>>;

/** What the configuration means for the tracker. */
export function trackerOptions({
  state,
  evidence,
}: Pick<AgentsConfig, 'state' | 'evidence'>): TrackerOptions {
  return {
    wait_threshold_ms: state.wait_threshold_ms,
    stall_after_ms: state.stall_after_s * 1000,
    exited_keep_ms: state.exited_keep_s * 1000,
    self_reported: evidence.self_reported,
  };
}
