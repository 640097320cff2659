import { z } from 'zod';
import { severityRank } from '../../../model/alert.js';
import { list } from '../../../model/schema.js';
import { alertReport, alertReportSchema } from '../../reports/alert.js';
import { defineCommand, historyUid, USERS } from '../definition.js';

export const MAX_ALERTS = 10_000;

export const alerts = defineCommand({
  name: 'alerts',
  description: 'the open alerts, worst first; with `all` resolved ones too, latest first',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({
    all: z.boolean().default(false),
    limit: z.int().min(1).max(MAX_ALERTS).default(1_000),
  }),
  result: list(alertReportSchema),
  run: async ({ alerts, visibility }, { all, limit }, caller) => {
    const found = all
      ? await alerts.all(limit, historyUid(caller), caller.asker)
      : [...alerts.open()]
          .sort((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.id - a.id)
          .slice(0, limit);
    return visibility.alerts(found, caller.viewer).map(alertReport);
  },
});
