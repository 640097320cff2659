import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { matchSession } from '../../bench/accuracy/match.js';
import { createRecogniser } from '../../src/agents/types/index.js';
import type { Transition } from '../../src/model/agent.js';
import { parseRecording, replay } from '../../src/standalone/replay.js';
import { speakers } from './speakers.js';
import type { TruthEntry } from './truth.js';
import type { Heard } from './vigil.js';

/** Real sessions, as a real daemon observed them, must lead to what was true of them. */
const here = join(dirname(fileURLToPath(import.meta.url)), '../recordings');
const names = readdirSync(here)
  .filter(name => name.endsWith('.truth.jsonl'))
  .map(name => name.replace('.truth.jsonl', ''));

const OPTIONS = { wait_threshold_ms: 1000, stall_after_ms: 300_000, exited_keep_ms: 60_000 };

function judged(name: string, words: boolean): string[] {
  const observations = parseRecording(readFileSync(join(here, `${name}.jsonl`), 'utf8'));
  const lines = readFileSync(join(here, `${name}.truth.jsonl`), 'utf8')
    .trim()
    .split('\n');
  const truth = lines.map(line => JSON.parse(line) as TruthEntry);
  const transitions = replay(observations, { ...OPTIONS, self_reported: words }, createRecogniser());
  const up = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];
  const telling = speakers(observations, truth);
  const pids = new Set(truth.map(t => t.pid));
  const none = new Set(transitions.map(t => t.pid).filter(pid => !pids.has(pid)));
  const wrong = [...pids].flatMap(pid => {
    const heard = transitions.filter(t => t.pid === pid).map(asHeard);
    const of = truth.filter(t => t.pid === pid);
    return matchSession(of, heard, up, words && telling.has(pid) ? 'kind' : 'state')
      .lines.filter(line => line.verdict !== 'matched')
      .map(line => {
        const true_ = line.truth ? `true ${line.truth.state} ${line.truth.reason} (${line.truth.by})` : '';
        const e = line.heard?.event;
        const said = e
          ? `said ${e.to} ${e.reason} [${e.evidence.source}: ${e.evidence.text}]`
          : 'said nothing';
        return `${line.verdict} ${pid}: ${true_} ${said}`;
      });
  });
  return [...wrong, ...[...none].map(pid => `shows ${pid}, which is no session`)];
}

function asHeard({ time_ms, pid, agent, from, to, reason, evidence, tty, cwd }: Transition): Heard {
  const time = new Date(time_ms).toISOString();
  const told = { source: evidence.source, text: evidence.text, time };
  return {
    arrived_ms: time_ms,
    event: { type: 'agent_state', time, pid, agent, from, to, reason, evidence: told, tty, cwd },
  };
}

describe('recordings of real agents', () => {
  it.each(names)('%s', name => {
    expect(judged(name, true)).toEqual([]);
  });
});

describe('the same, without the agents’ own words', () => {
  it.each(names)('%s', name => {
    expect(judged(name, false)).toEqual([]);
  });
});
