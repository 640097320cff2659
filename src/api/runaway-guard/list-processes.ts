import { list } from '../../model/schema.js';
import { maySee } from '../../model/viewer.js';
import { defineCommand, none, USERS } from '../commands/definition.js';
import { latestFor } from '../commands/machine/latest.js';
import { runawayGuardProcess, runawayGuardProcessSchema } from './rows.js';
import { runawayGuardStream } from './stream.js';

export const listProcesses = defineCommand({
  name: 'list_processes',
  description: 'RunawayGuard’s: the processes as of the latest look at the machine',
  access: USERS,
  pace: 'quick',
  params: none,
  result: list(runawayGuardProcessSchema),
  subscribe: { stream: runawayGuardStream },
  run: (services, _, caller) => {
    const { processes, time_ms } = latestFor(services, caller);
    return processes
      .filter(({ uid }) => maySee(caller.viewer, uid))
      .map(process => runawayGuardProcess(process, time_ms));
  },
});
