import { z } from 'zod';
import { type Alert, SEVERITIES } from '../../model/alert.js';
import { alertReport } from '../alert-report.js';
import { seedAlert } from '../runaway-guard/rows.js';
import type { DaemonView } from '../services.js';
import { mayView, type View } from '../socket/peer.js';
import { command, none } from './definition.js';

const MAX_ALERTS = 10_000;

/** Those that this peer may see, as he may see them. */
function seenOf(alerts: readonly Alert[], view: DaemonView, sees: View): Alert[] {
  return alerts
    .filter(({ subject }) => mayView(sees, subject.uid))
    .map(alert => view.alertFor(alert, sees))
    .filter(alert => alert !== null);
}

/** About alerts. */
export const alertCommands = {
  alerts: command({
    params: z.strictObject({
      all: z.boolean().default(false),
      limit: z.int().min(1).max(MAX_ALERTS).default(1_000),
    }),
    open: false,
    run: async ({ all, limit }, { view, sees, asker }) => {
      const uid = sees.kind === 'user' ? sees.uid : null;
      const alerts = all
        ? await view.allAlerts(limit, uid, asker)
        : view
            .openAlerts()
            .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.id - a.id)
            .slice(0, limit);
      return seenOf(alerts, view, sees).map(alertReport);
    },
  }),
  get_alerts: command({
    params: z.strictObject({
      limit: z.int().min(1).max(MAX_ALERTS).default(50),
      /** Seconds since the epoch. */
      since: z.number().min(0).default(0),
    }),
    open: false,
    run: async ({ limit, since }, { view, sees, asker, broadcast }) => {
      broadcast();
      // The latest come first, so the first `limit` hold all that are asked for.
      const alerts = await view.allAlerts(limit, sees.kind === 'user' ? sees.uid : null, asker);
      return seenOf(alerts, view, sees)
        .filter(({ opened_ms }) => opened_ms >= since * 1000)
        .map(seedAlert);
    },
  }),
  clear_alerts: command({
    params: none,
    open: false,
    run: (_, { view, sees }) => {
      const cleared = view.clearAlerts(({ subject }) =>
        subject.uid === null ? sees.kind === 'all' : mayView(sees, subject.uid),
      );
      return { cleared };
    },
  }),
};
