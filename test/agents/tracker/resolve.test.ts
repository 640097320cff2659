import { describe, expect, it } from 'vitest';
import {
  activity,
  blockedRead,
  children,
  PROCESS,
  registry,
  status,
  title,
  transcript,
} from '../../../src/agents/standard-voices.js';
import type { Resolution } from '../../../src/agents/tracker/resolution.js';
import { resolve } from '../../../src/agents/tracker/resolve.js';
import type { Situation, Speaking } from '../../../src/agents/tracker/situation.js';
import type { Assertion, Voice } from '../../../src/agents/voice.js';
import type { State } from '../../../src/model/agent.js';

/** Voices in; out come the state, who is believed, and who is not. Times are ms before now. */

const NOW = 1_000_000;

function says(
  voice: Voice,
  assertion: Assertion,
  ago_ms: number,
  some: Partial<Speaking> & { last_ago_ms?: number } = {},
): Speaking {
  const { last_ago_ms = ago_ms, ...rest } = some;
  const statement = {
    ...{ says: assertion, text: `${voice.name} says ${assertion}`, removed_ms: null, detail: null },
    ...{ worked: true, resets_at_ms: null, goes_on_until_ms: null },
    ...{ at_ms: NOW - ago_ms, last_ms: NOW - last_ago_ms },
  };
  return { voice, statement, void: null, clear_ms: null, until_ms: null, ...rest };
}

function silent(voice: Voice): Speaking {
  return { voice, statement: null, void: null, clear_ms: null, until_ms: null };
}

interface Some {
  state?: State;
  reason?: Situation['known']['reason'];
  since_ago_ms?: number;
  has_worked?: boolean;
  tools_ago_ms?: number[];
  terminal?: Partial<Situation['terminal']>;
  progress_ago_ms?: number;
}

function resolved(speaking: Speaking[], some: Some = {}): Resolution {
  const { state = 'WORKING', reason = null, since_ago_ms = 60_000, has_worked = true } = some;
  return resolve({
    now_ms: NOW,
    speaking,
    known: {
      ...{ state, reason, since_ms: NOW - since_ago_ms, has_worked },
      evidence: { source: 'procfs', text: 'before', time_ms: 0 },
    },
    terminal: {
      ...{ draws_steadily: true, watched: true, keys_seen: true, idle_ms: 0, silent_ms: 0 },
      ...{ watched_since_ms: 0, draws_through: true },
      ...{ run_ms: 0, run_since_ms: 0, run_outputs: 0, last_enter_ms: null, ...some.terminal },
    },
    tools_since_ms: (some.tools_ago_ms ?? []).map(ago_ms => NOW - ago_ms),
    progress_ms: NOW - (some.progress_ago_ms ?? 0),
    options: { wait_threshold_ms: 1_000, stall_after_ms: 300_000, self_reported: true },
  });
}

/** `WORKING thinking | registry decides, title disbelieved` */
function told({ state, reason, voices }: Resolution): string {
  const fared = voices.filter(({ verdict }) => verdict !== 'silent');
  return `${state} ${reason} | ${fared.map(({ voice, verdict }) => `${voice} ${verdict}`).join(', ')}`;
}

const steady = activity({ goes_on: true });

describe('which voice has the say', () => {
  it.each<[string, Speaking[], Some, string]>([
    [
      'the strongest that speaks',
      [silent(registry()), says(title(), 'working', 5_000), says(transcript(), 'working', 5_000)],
      {},
      'WORKING thinking | title decides, transcript agrees',
    ],
    [
      'not the majority',
      [says(registry(), 'approval', 900), says(transcript(), 'tool', 900), says(steady, 'working', 900)],
      {},
      'WAITING approval | registry decides, transcript disbelieved, activity disbelieved',
    ],
    [
      'a later statement to work on the terminal at once, for the file is late',
      [says(registry(), 'idle', 900), says(title(), 'working', 10)],
      { state: 'WORKING' },
      'WORKING thinking | registry disbelieved, title decides',
    ],
    [
      'a later statement to wait only once the file would have followed',
      [says(registry(), 'working', 900), says(title(), 'idle', 299)],
      {},
      'WORKING thinking | registry decides, title disbelieved',
    ],
    [
      'and from then on',
      [says(registry(), 'working', 900), says(title(), 'idle', 300)],
      {},
      'WAITING done | registry disbelieved, title decides',
    ],
    [
      'no earlier word',
      [says(registry(), 'working', 900), says(title(), 'idle', 901)],
      {},
      'WORKING thinking | registry decides, title disbelieved',
    ],
    [
      'the title over a status that was missed',
      [says(status(), 'approval', 900), says(title(), 'working', 200, { last_ago_ms: 10 })],
      { state: 'WAITING', reason: 'approval' },
      'WORKING thinking | status disbelieved, title decides',
    ],
    [
      'of what is void, nobody',
      [
        says(registry(), 'working', 900, { void: 'evidence.self_reported is off' }),
        says(steady, 'idle', 2_000),
      ],
      {},
      'WAITING done | registry disbelieved, activity decides',
    ],
    [
      'a tool that runs over the silence of an agent that may be silent',
      [says(activity(), 'idle', 2_000), says(children(), 'working', 100)],
      { state: 'WAITING', reason: 'done', tools_ago_ms: [100] },
      'WORKING tool | activity disbelieved, children decides',
    ],
    [
      'how it was started over everything',
      [says(PROCESS, 'working', 900), says(registry(), 'idle', 900)],
      {},
      'WORKING thinking | process decides, registry disbelieved',
    ],
    ['nobody, and all is as before', [silent(registry())], { reason: 'thinking' }, 'WORKING thinking | '],
  ])('%s', (_what, speaking, some, expected) => {
    expect(told(resolved(speaking, some))).toBe(expected);
  });

  it('the moment at which the file would have followed is a deadline', () => {
    const { until_ms } = resolved([says(registry(), 'working', 900), says(title(), 'idle', 100)]);
    expect(until_ms).toBe(NOW + 200);
  });
});

describe('a statement is believed once it has settled', () => {
  const blip = (ago_ms: number, last_ago_ms = ago_ms) => [says(title(), 'working', ago_ms, { last_ago_ms })];
  it.each<[string, Speaking[], Some, string, number | null]>([
    ['a spinner that no Enter explains', blip(149), { state: 'WAITING' }, 'WAITING null', NOW + 1],
    ['and that does not move on', blip(150), { state: 'WAITING' }, 'WAITING null', null],
    ['unless it moves on', blip(150, 10), { state: 'WAITING' }, 'WORKING thinking', NOW + 15_000],
    [
      'or Enter explains it',
      blip(1),
      { state: 'WAITING', terminal: { last_enter_ms: NOW - 500 } },
      'WORKING thinking',
      NOW + 15_000,
    ],
    [
      'or it has never moved, and the terminal is drawn',
      [says(title({ goes_on: false }), 'working', 150)],
      { state: 'WAITING', terminal: { run_ms: 300 } },
      'WORKING thinking',
      NOW + 15_000,
    ],
    ['the end of a turn', [says(registry(), 'idle', 39)], {}, 'WORKING null', NOW + 1],
    ['after 40 ms', [says(registry(), 'idle', 40)], {}, 'WAITING done', null],
    [
      'counted from when the title said so',
      [says(registry(), 'idle', 10), says(title(), 'idle', 45)],
      {},
      'WAITING done',
      null,
    ],
    [
      'a transcript that goes on after a refusal',
      [says(transcript(), 'working', 99)],
      { state: 'WAITING' },
      'WAITING null',
      NOW + 1,
    ],
    [
      'silence that has not lasted',
      [says(steady, 'idle', 400, { clear_ms: NOW + 600 })],
      {},
      'WORKING null',
      NOW + 600,
    ],
  ])('%s', (_what, speaking, some, expected, until_ms) => {
    const { state, reason, until_ms: due_ms } = resolved(speaking, some);
    expect([`${state} ${reason}`, due_ms]).toEqual([expected, until_ms]);
  });

  it('says of what has not settled that it is not believed yet', () => {
    const [voice] = resolved(blip(10), { state: 'WAITING' }).voices;
    expect(voice).toMatchObject({ verdict: 'disbelieved', why: 'it has not said so for long enough yet' });
  });
});

describe('the terminal refutes', () => {
  const idle = { idle_ms: 60_000, silent_ms: 60_000 };
  const was_missed = { ...idle, watched_since_ms: NOW - 60_000 };
  const drawing = { run_ms: 5_000, run_since_ms: NOW - 5_000, run_outputs: 20 };
  it.each<[string, Speaking[], Some, string]>([
    [
      'no work by silence: who draws all through its work hangs',
      [says(registry(), 'working', 15_000), says(steady, 'idle', 15_000)],
      { terminal: idle },
      'WORKING hung | registry decides, activity disbelieved',
    ],
    [
      'not by silence from before the word',
      [says(registry(), 'working', 14_999), says(steady, 'idle', 15_000)],
      { terminal: idle },
      'WORKING thinking | registry decides, activity disbelieved',
    ],
    [
      'work by silence where its terminal was not watched meanwhile',
      [says(title(), 'working', 70_000), says(steady, 'idle', 3_000)],
      { terminal: was_missed },
      'WAITING done | title disbelieved, activity decides',
    ],
    [
      'not while a tool runs',
      [says(registry(), 'working', 15_000), says(steady, 'idle', 15_000)],
      { terminal: idle, tools_ago_ms: [15_000] },
      'WORKING tool | registry decides, activity disbelieved',
    ],
    [
      'not of an agent that was not seen to draw through its work',
      [says(registry(), 'working', 15_000), says(activity(), 'idle', 15_000)],
      { terminal: { ...idle, draws_through: false } },
      'WORKING thinking | registry decides, activity disbelieved',
    ],
    [
      'not while nobody watches it',
      [says(registry(), 'working', 15_000), silent(steady)],
      { terminal: { ...idle, watched: false } },
      'WORKING thinking | registry decides',
    ],
    [
      'waiting by drawing',
      [says(registry(), 'idle', 9_000), says(steady, 'working', 5_000)],
      { state: 'WAITING', terminal: drawing },
      'WORKING thinking | registry disbelieved, activity decides',
    ],
    [
      'not by what is drawn now and then',
      [says(registry(), 'idle', 9_000), says(steady, 'working', 5_000)],
      { state: 'WAITING', terminal: { ...drawing, run_outputs: 9 } },
      'WAITING done | registry decides, activity disbelieved',
    ],
  ])('%s', (_what, speaking, some, expected) => {
    expect(told(resolved(speaking, some))).toBe(expected);
  });

  it('and says what, in the evidence and of the voice', () => {
    const found = resolved([says(title(), 'working', 70_000), says(steady, 'idle', 3_000)], {
      terminal: was_missed,
    });
    expect(found.evidence).toMatchObject({
      source: 'rhythm',
      text: 'title says working, but its terminal has been silent for 3 s',
    });
    expect(found.voices[0]?.why).toBe('its terminal has been silent for 3 s');
    expect(found.voices[1]?.why).toBe(found.rule);
  });
});

describe('what is asked for', () => {
  it.each<[string, Speaking[], Some, string]>([
    [
      'the transcript knows better than the file',
      [says(registry(), 'approval', 500), says(transcript(), 'question', 400)],
      {},
      'WAITING question',
    ],
    [
      'and is waited for',
      [says(registry(), 'approval', 109), says(transcript(), 'working', 400)],
      { reason: 'thinking' },
      'WORKING thinking',
    ],
    [
      'as long as it may take',
      [says(registry(), 'approval', 110), says(transcript(), 'working', 400)],
      {},
      'WAITING approval',
    ],
    [
      'a question stays one until the file has followed the answer',
      [says(registry(), 'approval', 500), says(transcript(), 'working', 400)],
      { state: 'WAITING', reason: 'question', since_ago_ms: 450 },
      'WAITING question',
    ],
    [
      'an open call of a tool, when nothing runs and nothing moves',
      [says(transcript(), 'tool', 900)],
      { terminal: { idle_ms: 600 } },
      'WAITING approval',
    ],
    [
      'not while something moves',
      [says(transcript(), 'tool', 900)],
      { terminal: { idle_ms: 599 } },
      'WORKING thinking',
    ],
    [
      'nor while it runs',
      [says(transcript(), 'tool', 900)],
      { terminal: { idle_ms: 600 }, tools_ago_ms: [900] },
      'WORKING tool',
    ],
    [
      'also where the title only says that it does not work',
      [says(title(), 'idle', 900), says(transcript(), 'tool', 900)],
      { terminal: { idle_ms: 600 } },
      'WAITING approval',
    ],
    [
      'of a status that says done, nothing is asked',
      [says(status(), 'done', 900), says(transcript(), 'tool', 900)],
      { terminal: { idle_ms: 600 } },
      'WAITING done',
    ],
  ])('%s', (_what, speaking, some, expected) => {
    const { state, reason } = resolved(speaking, some);
    expect(`${state} ${reason}`).toBe(expected);
  });
});

describe('the reason', () => {
  it.each<[string, Speaking[], Some, string, number | null]>([
    [
      'a tool that has just begun',
      [says(registry(), 'working', 500)],
      { tools_ago_ms: [99] },
      'thinking',
      NOW + 1,
    ],
    ['a tool', [says(registry(), 'working', 500)], { tools_ago_ms: [100] }, 'tool', null],
    ['no progress', [says(PROCESS, 'working', 500)], { progress_ago_ms: 300_000 }, 'stalled', null],
    ['some progress', [says(PROCESS, 'working', 500)], { progress_ago_ms: 299_999 }, 'thinking', NOW + 1],
    ['never worked', [says(blockedRead(), 'idle', 5_000)], { has_worked: false }, 'input', null],
  ])('%s', (_what, speaking, some, reason, until_ms) => {
    const found = resolved(speaking, some);
    expect([found.reason, found.until_ms]).toEqual([reason, until_ms]);
  });
});
