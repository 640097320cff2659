import { z } from 'zod';
import { actions } from '../actions/config.js';
import { ai } from '../diagnosis/config.js';
import { LOG_LEVELS } from '../lib/log/levels.js';
import { BY_GROUP, BY_ROOT } from '../model/config-key.js';
import { logFile, webhooks } from '../outputs/channels/config.js';
import { rulesConfig } from '../rules/config.js';
import { collectors, sampling } from '../sources/host/config.js';
import { history } from '../store/config.js';

/**
 * Every key of config.toml: types, defaults, limits, and the words of the documentation. Each key names a
 * decision that a user really has; units are in the names.
 */

const sensor = z
  .strictObject({
    tier: z
      .enum(['auto', 'fentry', 'tracepoint', 'procfs'])
      .default('auto')
      .describe(
        'How vigil looks into the kernel. `auto` takes the best that works here: `fentry` (tracing programs on the terminal functions), `tracepoint` (tracepoints, none of system calls), `procfs` (no eBPF: files below /proc and the agents’ own files).',
      ),
    bpftrace: z
      .string()
      .regex(/^\//, 'must be an absolute path')
      .optional()
      .describe(
        'The bpftrace program to run. Without it: the first of the usual system folders that has one. It is run only when it belongs to root, and nobody else may write it or a folder on the way to it.',
      )
      .meta(BY_ROOT),
  })
  .describe('The sensor: what vigil learns from the kernel.')
  .meta(BY_GROUP);

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
    words: z
      .boolean()
      .default(true)
      .describe(
        'Use what agents say of themselves: session registry, terminal titles, transcripts. `false`: the rhythm seen by the kernel only.',
      ),
  })
  .describe('What counts as evidence of a state.')
  .meta(BY_GROUP);

const urgency = z.enum(['low', 'normal', 'critical']);

const notifications = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Show desktop notifications.'),
    min_work_seconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(10)
      .describe('A turn that ends after less work than this is not announced. Requests always are.'),
    remind_after_s: z
      .number()
      .min(0)
      .max(86_400)
      .default(0)
      .describe('Show it once more when nobody answered for so long; 0: never.'),
    focused_grace_s: z
      .number()
      .min(0)
      .max(3600)
      .default(10)
      .describe(
        'A request of an agent whose window is focused waits so long for an answer before it is shown; 0: at once.',
      ),
    snooze_minutes: z.number().min(1).max(1440).default(5).describe('What the Snooze button means.'),
    quiet_hours: z
      .string()
      .regex(/^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'must be like "22:00-07:00", or empty')
      .default('')
      .describe('Local time in which only requests are shown, e.g. `"22:00-07:00"`.')
      .meta(BY_GROUP),
    urgency_approval: urgency.default('critical').describe('Urgency when an agent asks for permission.'),
    urgency_question: urgency.default('critical').describe('Urgency when an agent asks a question.'),
    urgency_done: urgency.default('normal').describe('Urgency when a turn ended.'),
    urgency_trouble: urgency
      .default('critical')
      .describe('Urgency when an agent crashed, ran out of memory or stalled.'),
  })
  .describe('Popups on the desktops of the users.')
  .meta(BY_GROUP);

const folder = z
  .string()
  .regex(/^[^\0]+$/)
  .refine(path => !path.split('/').includes('..'), 'must not contain ".."');

const badges = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Write badge files.'),
    directory: folder
      .default('i3pm-badges')
      .describe('Folder of the badges of windows, absolute or below $XDG_RUNTIME_DIR.')
      .meta(BY_ROOT),
    session_directory: folder
      .default('vigil-sessions')
      .describe('Folder of the badges of agents without a window, absolute or below $XDG_RUNTIME_DIR.')
      .meta(BY_ROOT),
  })
  .describe('Badge files, one for each window with agents, for bars and panels.')
  .meta(BY_GROUP);

const tray = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Show an icon in the tray (StatusNotifierItem).'),
  })
  .describe('The tray icon.')
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

export const configSchema = z.strictObject({
  log_level: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('The least important messages that are logged.')
    .meta(BY_GROUP),
  sensor: sensor.prefault({}),
  state: state.prefault({}),
  evidence: evidence.prefault({}),
  notifications: notifications.prefault({}),
  badges: badges.prefault({}),
  tray: tray.prefault({}),
  sampling: sampling.prefault({}),
  collectors: collectors.prefault({}),
  ...rulesConfig,
  ai: ai.prefault({}),
  log_file: logFile.prefault({}),
  webhooks,
  history: history.prefault({}),
  actions: actions.prefault({}),
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
});

export type Config = z.infer<typeof configSchema>;

export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** The schema as others read it: editors, documentation, packagers. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: 'input' }) as Record<string, unknown>;
}
