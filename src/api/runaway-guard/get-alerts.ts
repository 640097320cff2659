import { z } from 'zod';
import { list } from '../../model/schema.js';
import { MAX_ALERTS } from '../commands/alerts/alerts.js';
import { defineCommand, historyUid, USERS } from '../commands/definition.js';
import { runawayGuardAlert, runawayGuardAlertSchema } from './rows.js';
import { runawayGuardStream } from './stream.js';

export const getAlerts = defineCommand({
  name: 'get_alerts',
  description: 'RunawayGuard’s: all alerts, the latest first',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({
    limit: z.int().min(1).max(MAX_ALERTS).default(50),
    since: z.number().min(0).default(0).describe('seconds since the epoch'),
  }),
  result: list(runawayGuardAlertSchema),
  subscribe: { stream: runawayGuardStream },
  run: async ({ alerts, visibility }, { limit, since }, caller) => {
    // The latest come first, so the first `limit` hold all that are asked for.
    const found = await alerts.all(limit, historyUid(caller), caller.asker);
    return visibility
      .alerts(found, caller.viewer)
      .filter(({ opened_ms }) => opened_ms >= since * 1000)
      .map(runawayGuardAlert);
  },
});
