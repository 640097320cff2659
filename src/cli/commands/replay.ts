import { readFileSync, statSync } from 'node:fs';
import { createRecogniser } from '../../agents/kinds/index.js';
import { parseRecording, RecordingError, replay as replayAll } from '../../agents/replay.js';
import { stateEvent } from '../../api/state-event.js';
import { loadConfig } from '../../config/load.js';
import { defaultPlaces } from '../../config/paths.js';
import { trackerOptions } from '../../config/tracker.js';
import { printable } from '../../text/printable.js';
import { CANNOT, defineCommand, OK } from '../command.js';
import { eventLine } from './events.js';

/** Recordings are a few kilobytes a minute; one of this size is something else. */
const MAX_BYTES = 256 * 1024 * 1024;

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
  async run({ json, config: file, positional }, io) {
    const places = defaultPlaces(process.geteuid!(), io.env);
    const { config } = loadConfig(file ?? places.config, { explicit: file !== undefined });
    const path = positional.file as string;
    try {
      const { size } = statSync(path);
      if (size > MAX_BYTES) throw new RecordingError(0, `${size} bytes, more than a recording has`);
      const observations = parseRecording(readFileSync(path, 'utf8'));
      for (const transition of replayAll(
        observations,
        trackerOptions(config),
        createRecogniser(config.agents),
      )) {
        const event = stateEvent(transition);
        io.out(json ? `${JSON.stringify(event)}\n` : `${eventLine(event, io)}\n`);
      }
      return OK;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (!(error instanceof RecordingError) && code === undefined) throw error;
      const why = error instanceof RecordingError ? error.message : code === 'ENOENT' ? 'no such file' : code;
      io.err(`vigil: ${printable(path)}: ${why}\n`);
      return CANNOT;
    }
  },
});
