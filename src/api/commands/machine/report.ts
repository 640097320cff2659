import { z } from 'zod';
import { historyReportSchema } from '../../reports/history.js';
import { defineCommand, historyUid, noHistory, USERS } from '../definition.js';

const MAX_PERIOD_S = 366 * 86_400;

export const report = defineCommand({
  name: 'report',
  description: 'what the history tells of a period up to now',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({
    period_s: z.number().min(60).max(MAX_PERIOD_S).default(86_400).describe('how far it goes back'),
    buckets: z.int().min(1).max(2_000).default(96),
  }),
  result: historyReportSchema,
  run: async ({ history }, { period_s, buckets }, caller) => {
    const report = await history.report(period_s * 1000, buckets, historyUid(caller), caller.asker);
    if (report === null) throw noHistory();
    return report;
  },
});
