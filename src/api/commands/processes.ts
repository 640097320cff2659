import { z } from 'zod';
import { processesReport } from '../process-report.js';
import { seedProcess } from '../runaway-guard/rows.js';
import { mayView } from '../socket/peer.js';
import { command, none, RequestError } from './definition.js';

/** About processes. */
export const processCommands = {
  processes: command({
    params: z.strictObject({
      /** Main process of an agent session: only what came from it. */
      session: z.int().min(1).nullable().default(null),
      limit: z.int().min(1).max(10_000).default(1_000),
    }),
    open: false,
    run: ({ session, limit }, { view, sees }) => {
      const snapshot = view.machine(sees);
      if (snapshot === null) throw new RequestError('not_ready', 'vigil has not looked at the machine yet');
      return processesReport(snapshot, sees, session, limit);
    },
  }),
  list_processes: command({
    params: none,
    open: false,
    run: (_, { view, sees, broadcast }) => {
      broadcast();
      const snapshot = view.machine(sees);
      if (snapshot === null) throw new RequestError('not_ready', 'vigil has not looked at the machine yet');
      return snapshot.processes
        .filter(({ uid }) => mayView(sees, uid))
        .map(process => seedProcess(process, snapshot.time_ms));
    },
  }),
};
