import type { Recogniser } from '../agents/agent-type.js';
import { Tracker, type TrackerOptions } from '../agents/tracker/tracker.js';
import type { Transition } from '../model/agent.js';
import type { Observation } from '../model/observation.js';

/** A line of a recording that is no observation. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  constructor(
    readonly line: number,
    why: string,
  ) {
    super(`line ${line}: ${why}`);
  }
}

const TYPES: ReadonlySet<string> = new Set<Observation['type']>([
  'process',
  'fork',
  'exec',
  'exit',
  'gone',
  'oom',
  'key',
  'resize',
  'run_state',
  'output',
  'osc',
  'registry',
  'transcript',
  'blocked_read',
  'sensor',
  'clock',
]);

/** Reads a recording: a header line, then one observation a line. Throws RecordingError. */
export function parseRecording(text: string): Observation[] {
  const observations: Observation[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let value: { type?: unknown; version?: unknown; time_ms?: unknown };
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      throw new RecordingError(index + 1, 'not JSON: is this a file made by `vigil record-events`?');
    }
    if (value?.type === 'header') {
      if (value.version !== 1)
        throw new RecordingError(
          index + 1,
          `version ${String(value.version)} of the format is not known to this vigil`,
        );
      continue;
    }
    if (typeof value?.type !== 'string' || !TYPES.has(value.type) || typeof value.time_ms !== 'number') {
      throw new RecordingError(index + 1, 'not an observation');
    }
    observations.push(value as Observation);
  }
  return observations;
}

/** The transitions that these observations lead to. Deadlines after the last observation do not fall due. */
export function replay(
  observations: Iterable<Observation>,
  options: TrackerOptions,
  recognise: Recogniser,
): Transition[] {
  const tracker = new Tracker(options, recognise);
  const transitions: Transition[] = [];
  for (const observation of observations) transitions.push(...tracker.apply(observation));
  return transitions;
}
