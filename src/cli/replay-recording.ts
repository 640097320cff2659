import { createRecogniser } from '../agents/types/index.js';
import { loadConfig } from '../config/load.js';
import { defaultPlaces } from '../config/paths.js';
import { trackerOptions } from '../config/tracker.js';
import { readWhole, TooLargeError } from '../lib/files/bounded-read.js';
import { printable } from '../lib/text/printable.js';
import { stateEvent } from '../model/state-event.js';
import { parseRecording, RecordingError, replay } from '../standalone/replay.js';
import { CANNOT, OK } from './command.js';
import { eventLine } from './commands/events.js';
import type { Io } from './io.js';

/** Recordings are a few kilobytes a minute; one of this size is something else. */
const MAX_BYTES = 256 * 1024 * 1024;

/** `vigil replay`. Answers the exit code. */
export async function replayRecording(
  path: string,
  { json, config: file }: { json: boolean; config: string | undefined },
  io: Io,
): Promise<number> {
  const places = defaultPlaces(process.geteuid!(), io.env);
  const { config } = loadConfig(file ?? places.config, { explicit: file !== undefined });
  try {
    const observations = parseRecording(readWhole(path, MAX_BYTES, { waits: true }).toString('utf8'));
    for (const transition of replay(observations, trackerOptions(config), createRecogniser(config.agents))) {
      const event = stateEvent(transition);
      io.out(json ? `${JSON.stringify(event)}\n` : `${eventLine(event, io)}\n`);
    }
    return OK;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const said =
      error instanceof RecordingError || error instanceof TooLargeError ? error.message : undefined;
    if (said === undefined && code === undefined) throw error;
    const more = error instanceof TooLargeError ? ', more than a recording has' : '';
    const why = said === undefined ? (code === 'ENOENT' ? 'no such file' : code) : `${said}${more}`;
    io.err(`vigil: ${printable(path)}: ${why}\n`);
    return CANNOT;
  }
}
