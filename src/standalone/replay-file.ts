import { trackerOptions } from '../agents/config.js';
import { createRecogniser } from '../agents/types/index.js';
import { loadConfig } from '../config/load.js';
import { readWhole, TooLargeError } from '../lib/files/bounded-read.js';
import { printable } from '../lib/text/printable.js';
import { defaultPlaces } from '../model/places.js';
import { stateEvent } from '../model/state-event.js';
import { parseRecording, RecordingError, replay } from './replay.js';

/** Recordings are a few kilobytes a minute; one of this size is something else. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface ReplayOptions {
  /** Configuration file that was named: it must exist. */
  config: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The changes of state that the recording of a file leads to.
 * @throws Error that names the file and what is wrong with it.
 */
export function* replayFile(path: string, { config: file, env }: ReplayOptions) {
  const places = defaultPlaces(process.geteuid!(), env);
  const { config } = loadConfig(file ?? places.config, { explicit: file !== undefined });
  try {
    const observations = parseRecording(readWhole(path, MAX_BYTES, { waits: true }).toString('utf8'));
    const transitions = replay(observations, trackerOptions(config), createRecogniser(config.agents));
    for (const transition of transitions) yield stateEvent(transition);
  } catch (error) {
    const why = trouble(error as NodeJS.ErrnoException);
    throw why === null ? error : new Error(`${printable(path)}: ${why}`);
  }
}

/** Null: a mistake of vigil. */
function trouble(error: NodeJS.ErrnoException): string | null {
  if (error instanceof RecordingError) return error.message;
  if (error instanceof TooLargeError) return `${error.message}, more than a recording has`;
  return error.code === 'ENOENT' ? 'no such file' : (error.code ?? null);
}
