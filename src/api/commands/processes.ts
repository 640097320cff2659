import { mayView } from '../peer.js';
import { seedProcess } from '../runaway-guard.js';
import { command, none, RequestError } from './definition.js';

/** About processes. */
export const processCommands = {
  list_processes: command({
    params: none,
    open: false,
    run: (_, { view, sees, broadcast }) => {
      broadcast();
      const snapshot = view.machine();
      if (snapshot === null) throw new RequestError('not_ready', 'vigil has not looked at the machine yet');
      return snapshot.processes
        .filter(({ uid }) => mayView(sees, uid))
        .map(process => seedProcess(process, snapshot.time_ms));
    },
  }),
};
