import { z } from 'zod';
import { maySee } from '../../../model/viewer.js';
import { defineCommand, none, USERS } from '../definition.js';

export const clearAlerts = defineCommand({
  name: 'clear_alerts',
  description: 'resolves the open alerts that are one’s own; what is still bad opens anew',
  access: USERS,
  pace: 'quick',
  params: none,
  result: z.strictObject({ cleared: z.int().describe('how many') }),
  run: ({ alerts }, _, { viewer }) => ({
    cleared: alerts.clear(({ subject: { uid } }) =>
      uid === null ? viewer.kind === 'all' : maySee(viewer, uid),
    ),
  }),
});
