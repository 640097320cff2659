import { z } from 'zod';
import { machineReport } from '../machine-report.js';
import { command, noHistory, none, RequestError } from './definition.js';

const MAX_PERIOD_S = 366 * 86_400;

/** About the machine, now and in the past. */
export const machineCommands = {
  machine: command({
    params: none,
    open: false,
    run: (_, { view, sees }) => {
      const snapshot = view.machine(sees);
      if (snapshot === null) throw new RequestError('not_ready', 'vigil has not looked at the machine yet');
      return machineReport(snapshot, view.paused(), sees);
    },
  }),
  report: command({
    params: z.strictObject({
      /** How far it goes back. */
      period_s: z.number().min(60).max(MAX_PERIOD_S).default(86_400),
      buckets: z.int().min(1).max(2_000).default(96),
    }),
    open: false,
    run: async ({ period_s, buckets }, { view, sees, asker }) => {
      const report = await view.history(
        period_s * 1000,
        buckets,
        sees.kind === 'user' ? sees.uid : null,
        asker,
      );
      if (report === null) throw noHistory();
      return report;
    },
  }),
};
