import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createRecogniser } from '../../src/agents/types/index.js';
import { parseRecording, replay } from '../../src/standalone/replay.js';
import type { Told } from './editors/editor.js';
import { type Said, saidOf, truthOf } from './editors/judge.js';

/** Agents that editors drove, two conversations each, as a real daemon observed them: each must lead to what was true of it. */
const here = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/editors');
const names = existsSync(here)
  ? readdirSync(here)
      .filter(name => name.endsWith('.truth.jsonl'))
      .map(name => name.replace('.truth.jsonl', ''))
  : [];
const CWDS = ['/home/dev/first', '/home/dev/second'];
const OPTIONS = {
  wait_threshold_ms: 1000,
  stall_after_ms: 300_000,
  exited_keep_ms: 60_000,
  self_reported: true,
};

it.each(names)('%s', name => {
  const observations = parseRecording(readFileSync(join(here, `${name}.jsonl`), 'utf8'));
  const lines = readFileSync(join(here, `${name}.truth.jsonl`), 'utf8')
    .trim()
    .split('\n');
  const told = lines.map(line => JSON.parse(line) as Told);
  const said = replay(observations, OPTIONS, createRecogniser()).map(
    ({ time_ms, cwd, to, reason }): Said => ({ time_ms, cwd, state: to, reason }),
  );
  for (const [of, cwd] of CWDS.entries()) expect(saidOf(said, cwd)).toEqual(truthOf(told, of, CWDS));
});
