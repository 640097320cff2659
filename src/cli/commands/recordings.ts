import { connectToDaemon, NotRunningError } from '../../api/client/index.js';
import { VERSION } from '../../lib/files/package.js';
import { printable } from '../../lib/text/printable.js';
import type { Observation } from '../../model/observation.js';
import { CANNOT, defineCommand, OK } from '../command.js';
import { eventLine } from './events.js';

/** Observations before the answer to who asked for them. */
const MAX_EARLY = 100_000;

export const recordEvents = defineCommand({
  usage: 'record-events <file>',
  describe: 'Write what the daemon observes of all agents into a file, until interrupted',
  details: [
    'For `vigil replay`, and to report an agent whose state is shown wrong. A recording holds the command lines, folders and window titles of the agents and their tools and when they wrote and keys were pressed, but neither the keys nor what was written. Only root and the group vigil may make one.',
  ],
  positionals: { file: { type: 'string', describe: 'The recording; what is there is replaced' } },
  async run({ runtimeDir, positional }, io) {
    const { RecordingFile } = await import('../../outputs/recording/recording-file.js');
    const path = positional.file!;
    const client = await connectToDaemon({ runtimeDir });
    try {
      const early: Observation[] = [];
      let sink = (observation: Observation): void => {
        if (early.push(observation) > MAX_EARLY) client.close();
      };
      const first = await client.subscribe('record', {}, observation => sink(observation));
      let failed: Error | null = null;
      const file = new RecordingFile(path, VERSION, error => {
        failed = error;
        client.close();
      });
      for (const observation of [...first, ...early]) file.write(observation);
      let count = 0;
      sink = observation => {
        count++;
        file.write(observation);
      };
      const interrupted = new Promise<'interrupted'>(resolve => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const)
          process.once(signal, () => resolve('interrupted'));
      });
      const end = await Promise.race([interrupted, client.closed]);
      await file.close();
      if (failed !== null) {
        io.err(`vigil: cannot write ${printable(path)}: ${(failed as Error).message}\n`);
        return CANNOT;
      }
      io.err(`${count} observations in ${printable(path)}\n`);
      if (end !== 'interrupted')
        throw client.whyClosed ?? new NotRunningError('the vigil daemon closed the connection');
      return OK;
    } finally {
      client.close();
    }
  },
});

export const replay = defineCommand({
  usage: 'replay <file>',
  describe: 'Show the changes of state that a recording leads to',
  details: [
    'A recording is made by `vigil record-events` or `vigil daemon --record`. The same recording always leads to the same changes, so that what looked wrong can be looked at again, also with another configuration.',
  ],
  positionals: { file: { type: 'string', describe: 'The recording' } },
  options: {
    json: { type: 'boolean', default: false, describe: 'Print one JSON object a line' },
    config: { type: 'string', requiresArg: true, describe: 'Configuration file to decide by' },
  },
  async run({ json, config, positional }, io) {
    const { replayFile } = await import('../../standalone/replay-file.js');
    for (const event of replayFile(positional.file!, { config, env: io.env }))
      io.out(json ? `${JSON.stringify(event)}\n` : `${eventLine(event, io)}\n`);
    return OK;
  },
});
