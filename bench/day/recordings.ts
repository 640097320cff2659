import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Observation } from '../../src/model/observation.js';
import { parseRecording } from '../../src/standalone/replay.js';
import type { TruthEntry } from '../../test/lab/truth.js';

/** A real session as a daemon observed it, and what was true of it. Its times begin at 0. */
export interface Recorded {
  name: string;
  observations: Observation[];
  truth: TruthEntry[];
  length_ms: number;
}

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../test/recordings');

/** All recordings that have a truth. `folder`: by default that of the tests, as seen from where this is compiled to. */
export function readRecordings(folder = FOLDER): Recorded[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.truth.jsonl'))
    .sort()
    .map(file => {
      const name = file.replace('.truth.jsonl', '');
      const truth = lines(join(folder, file)).map(line => JSON.parse(line) as TruthEntry);
      const observations = parseRecording(lines(join(folder, `${name}.jsonl`)).join('\n'));
      const start_ms = observations[0]!.time_ms;
      return {
        name,
        observations: observations.map(one => moved(one, -start_ms)),
        truth: truth.map(entry => ({ ...entry, time_ms: entry.time_ms - start_ms })),
        length_ms: observations.at(-1)!.time_ms - start_ms,
      };
    });
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n');
}

/** The same at another time: all times in it are moved. */
export function moved(observation: Observation, by_ms: number): Observation {
  const one = structuredClone(observation);
  one.time_ms += by_ms;
  if (one.type === 'process') one.process.started_ms += by_ms;
  if (one.type === 'transcript' && one.entry) one.entry.at_ms += by_ms;
  if (one.type === 'registry' && one.entry?.updated_ms) one.entry.updated_ms += by_ms;
  return one;
}
