import { describe, expect, it } from 'vitest';
import type { Reason, State } from '../../src/model/agent.js';
import { FIRST_PROMPT, type TruthEntry } from '../../test/lab/truth.js';
import type { Heard } from '../../test/lab/vigil.js';
import { matchSession } from './match.js';

const UP = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];

function truth(time_ms: number, state: TruthEntry['state'], reason: Reason, by = 'test'): TruthEntry {
  return { time_ms, agent: 'codex', pid: 7, state, reason, by, scenario: 'test' };
}

function heard(arrived_ms: number, to: State, reason: Reason | null = null): Heard {
  const evidence = { source: 'osc' as const, text: 'test', time: '' };
  const event = { type: 'agent_state' as const, time: '', pid: 7, agent: 'codex', from: 'UNKNOWN' as const };
  return { arrived_ms, event: { ...event, to, reason, evidence, tty: null, cwd: null } };
}

const TURN = [
  truth(10_000, 'WAITING', 'input', FIRST_PROMPT),
  truth(20_000, 'WORKING', 'thinking'),
  truth(30_000, 'WAITING', 'approval'),
  truth(40_000, 'EXITED', 'signal'),
];

function verdicts(truths: TruthEntry[], said: Heard[], up = UP): string[] {
  return matchSession(truths, said, up).lines.map(l => l.verdict);
}

describe('matching truth with reports', () => {
  it('matches a whole session, with the delays', () => {
    const said = [
      heard(9_000, 'UNKNOWN'),
      heard(10_100, 'WAITING', 'input'),
      heard(20_050, 'WORKING', 'thinking'),
      heard(25_000, 'WORKING', 'tool'),
      heard(30_020, 'WAITING', 'approval'),
      heard(40_010, 'EXITED', 'signal'),
    ];
    const { lines, false_waits } = matchSession(TURN, said, UP);
    expect(lines.map(l => l.verdict)).toEqual(['matched', 'matched', 'matched', 'matched']);
    expect(lines.map(l => l.delay_ms)).toEqual([100, 50, 20, 10]);
    expect(false_waits.map(w => w.length_ms)).toEqual([50]);
  });

  it('takes done and input for the same, approval not', () => {
    const said = [
      heard(10_100, 'WAITING', 'done'),
      heard(20_050, 'WORKING'),
      heard(30_020, 'WAITING', 'done'),
      heard(40_010, 'EXITED', 'exit'),
    ];
    expect(verdicts(TURN, said)).toEqual(['matched', 'matched', 'wrong', 'matched']);
  });

  it('counts what is said too much and what is not said', () => {
    const said = [
      heard(10_100, 'WAITING', 'input'),
      heard(20_050, 'WORKING'),
      heard(22_000, 'WAITING', 'input'),
      heard(23_000, 'WORKING'),
      heard(30_020, 'WAITING', 'approval'),
    ];
    const { lines, false_waits } = matchSession(TURN, said, UP);
    expect(lines.map(l => l.verdict)).toEqual(['matched', 'matched', 'extra', 'extra', 'matched', 'missed']);
    expect(Math.max(...false_waits.map(w => w.length_ms))).toBe(1000);
  });

  it('claims nothing about an agent that starts', () => {
    const said = [
      heard(8_000, 'WORKING'),
      heard(9_000, 'WAITING', 'input'),
      heard(10_300, 'WORKING'),
      heard(10_350, 'WAITING', 'input'),
    ];
    expect(verdicts(TURN.slice(0, 1), said)).toEqual(['matched']);
    expect(verdicts(TURN.slice(0, 1), [heard(9_000, 'WAITING', 'input')])).toEqual(['matched']);
  });

  it('asks of a daemon that starts later only what is true then', () => {
    const up = [{ from_ms: 25_000, to_ms: Number.POSITIVE_INFINITY }];
    const said = [
      heard(25_100, 'WORKING'),
      heard(30_020, 'WAITING', 'approval'),
      heard(40_001, 'EXITED', 'signal'),
    ];
    expect(verdicts(TURN, said, up)).toEqual(['matched', 'matched', 'matched']);
  });

  it('does not count the repetition after a restart, nor what is not said while it is down', () => {
    const up = [
      { from_ms: 0, to_ms: 22_000 },
      { from_ms: 23_000, to_ms: Number.POSITIVE_INFINITY },
    ];
    const said = [
      heard(10_100, 'WAITING', 'input'),
      heard(20_050, 'WORKING'),
      heard(23_050, 'UNKNOWN'),
      heard(23_100, 'WORKING'),
      heard(30_020, 'WAITING', 'approval'),
      heard(40_001, 'EXITED', 'signal'),
    ];
    expect(verdicts(TURN, said, up)).toEqual(['matched', 'matched', 'matched', 'matched']);
  });

  it('finds a false WAITING that began before the work', () => {
    const said = [
      heard(10_100, 'WAITING', 'input'),
      heard(21_000, 'WAITING', 'done'),
      heard(24_000, 'WORKING'),
    ];
    const { false_waits } = matchSession(TURN, said, UP);
    expect(Math.max(...false_waits.map(w => w.length_ms))).toBe(4000);
  });
});
