import { defineCommand, OK } from '../command.js';
import { eventLine } from './events.js';

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
