import { z } from 'zod';
import type { Alert } from '../../../model/alert.js';
import { maySee } from '../../../model/viewer.js';
import { defineCommand, none, notWritten, USERS } from '../definition.js';

export const clearAlerts = defineCommand({
  name: 'clear_alerts',
  description:
    'resolves the open alerts that are one’s own; answers when that is on the disk; what is still bad opens anew',
  access: USERS,
  pace: 'queued',
  params: none,
  result: z.strictObject({ cleared: z.int().describe('how many') }),
  run: async ({ alerts }, _, { viewer }) => {
    const isMeant = ({ subject: { uid } }: Alert) =>
      uid === null ? viewer.kind === 'all' : maySee(viewer, uid);
    const cleared = await alerts.clear(isMeant).catch(error => {
      throw notWritten(error) ?? error;
    });
    return { cleared };
  },
});
