import { z } from 'zod';
import { BY_GROUP, BY_ROOT, LIVE } from '../../model/config-key.js';

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
      .describe(
        'Urgency when an agent crashed, ran out of memory, stalled, hangs, is out of quota or logged out, or its API fails.',
      ),
  })
  .describe('Popups on the desktops of the users.')
  .meta({ ...BY_GROUP, ...LIVE });

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
  .meta({ ...BY_GROUP, ...LIVE });

const tray = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Show an icon in the tray (StatusNotifierItem).'),
  })
  .describe('The tray icon.')
  .meta({ ...BY_GROUP, ...LIVE });

/** `[notifications]`, `[badges]` and `[tray]` */
export const desktopConfig = {
  notifications: notifications.prefault({}),
  badges: badges.prefault({}),
  tray: tray.prefault({}),
};

export type DesktopConfig = z.infer<z.ZodObject<typeof desktopConfig>>;
