import { z } from 'zod';
import { BY_GROUP, LIVE } from '../model/config-key.js';

const history = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Keep a history of the machine, the agents, alerts and actions in a database.'),
    retention_hours: z
      .int()
      .min(1)
      .max(8760)
      .default(168)
      .describe(
        'How long it goes back: all of it for 24 hours, then one row a minute. Actions are kept for 90 days at least.',
      )
      .meta(LIVE),
    snapshot_interval_s: z
      .number()
      .min(1)
      .max(3600)
      .default(10)
      .describe('How often the state of the machine is written down.')
      .meta(LIVE),
    max_size_mb: z
      .int()
      .min(16)
      .max(10_240)
      .default(200)
      .describe('The most room that it takes on the disk; the oldest goes first.'),
  })
  .describe('The history, for reports and baselines.')
  .meta(BY_GROUP);

/** `[history]` */
export const storeConfig = { history: history.prefault({}) };
