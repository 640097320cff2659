import { expect, it } from 'vitest';
import type { Row } from '../../bench/accuracy/pieces.js';
import { playedIn, testedModule, testedPage } from './tested.js';

const from = {
  agent: 'kimi',
  version: '2.1.0',
  place: 'tmux',
  scenario: 'question',
  played: 'real',
} as const;
const right: Row = {
  ...from,
  ...{ verdict: 'matched', truth: 'WAITING question', said: 'WAITING question' },
  ...{ delay_ms: 120.4, false_wait_ms: 0 },
};
const extra: Row = { ...right, verdict: 'extra', truth: null, delay_ms: null };

it('what was played in tmux with a known version is counted by scenario', () => {
  const elsewhere = [
    { ...right, place: 'sudo' },
    { ...right, version: null },
  ];
  const rows = [right, extra, { ...right, delay_ms: null }, ...elsewhere];
  const broken = [{ ...from, scenario: 'approvals', problem: 'no prompt' }];
  expect(playedIn({ rows, broken, load: 2.6 }).map(({ played }) => played)).toEqual([
    {
      scenario: 'approvals',
      true_transitions: 0,
      right: 0,
      wrong: 0,
      delay_ms: 0,
      load: 3,
      problem: 'no prompt',
    },
    { scenario: 'question', true_transitions: 2, right: 2, wrong: 1, delay_ms: 120, load: 3, problem: null },
  ]);
});

it('a version counts as tested once all of it could be played', () => {
  const [failed, played] = playedIn({
    rows: [right],
    broken: [{ ...from, scenario: 'approvals', problem: 'no prompt' }],
    load: 1,
  }).map(one => one.played);
  expect(testedModule({ kimi: { '2.1.0': [played!], '2.2.0': [played!, failed!] } })).toContain(
    "kimi: '2.1.0'",
  );
  expect(testedPage({ kimi: { '2.2.0': [failed!] } })).toContain('not played');
});
