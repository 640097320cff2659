import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Attention } from '../../../src/outputs/desktop/badges/attention.js';
import { badgeOf } from '../../../src/outputs/desktop/badges/badge.js';
import type { HelperAgent } from '../../../src/outputs/desktop/protocol.js';
import { helperAgent } from './helper-rig.js';
import { ROOT } from './user.js';

const schema = z.fromJSONSchema(
  JSON.parse(readFileSync(join(ROOT, 'specs/contracts/badge.schema.json'), 'utf8')),
);
const agent = (over: Partial<HelperAgent>) => helperAgent({ since_ms: 1000, started_ms: 500, ...over });
const working = agent({});
const done = agent({ state: 'WAITING', reason: 'done' });
const asking = agent({ state: 'WAITING', reason: 'approval' });

describe('a badge', () => {
  it('has exactly the fields of its contract', () => {
    const badge = badgeOf(5, [{ agent: asking, unseen: 2 }], 61_000)!;
    expect(badge).toEqual({
      window_id: 5,
      state: 'stopped',
      source: 'claude-code',
      timestamp: 61,
      project: 'shop',
      count: 2,
      needs_attention: true,
      session_started: 0.5,
    });
    expect(schema.safeParse(badge).error).toBeUndefined();
    expect(schema.safeParse({ ...badge, more: 1 }).error).toBeDefined();
  });

  it.each<[string, Parameters<typeof badgeOf>[1], object | null]>([
    ['nothing new', [{ agent: done, unseen: 0 }], null],
    ['a fresh agent', [{ agent: agent({ state: 'WAITING', reason: 'input' }), unseen: 0 }], null],
    ['one that ended', [{ agent: agent({ state: 'EXITED', reason: 'exit' }), unseen: 3 }], null],
    ['work', [{ agent: working, unseen: 0 }], { state: 'working', needs_attention: false, count: 1 }],
    ['another kind', [{ agent: agent({ kind: 'aider' }), unseen: 0 }], { source: 'generic' }],
    ['too many to count', [{ agent: done, unseen: 20_000 }], { count: 9999 }],
    ['no directory', [{ agent: agent({ cwd: null }), unseen: 0 }], { project: '' }],
    [
      'the one that asks among others',
      [
        { agent: agent({ cwd: '/a', since_ms: 3000 }), unseen: 1 },
        { agent: { ...asking, cwd: '/b', kind: 'codex' }, unseen: 1 },
        { agent: { ...done, cwd: '/c', since_ms: 2000 }, unseen: 2 },
      ],
      { project: 'b', source: 'codex', state: 'stopped', count: 4 },
    ],
  ])('of %s', (_what, parts, expected) => {
    const badge = badgeOf(5, parts, 1000);
    if (expected === null) expect(badge).toBeNull();
    else expect(badge).toMatchObject(expected);
  });
});

describe('attention', () => {
  it('counts stops since the person last looked', () => {
    const attention = new Attention();
    attention.update([working], 0);
    expect(attention.unseen(working.pid)).toBe(0);
    attention.update([asking], 100);
    attention.update([asking], 200);
    expect(attention.unseen(working.pid)).toBe(1);
    attention.update([{ ...working, since_ms: 2000 }], 300);
    attention.update([{ ...done, since_ms: 3000 }], 400);
    expect(attention.unseen(working.pid)).toBe(2);
    // A stop younger than a second was not seen by a focus that was there before.
    expect(attention.look(done, 500)).toBe(1400);
    expect(attention.unseen(working.pid)).toBe(2);
    expect(attention.look(done, 1400)).toBeNull();
    expect(attention.unseen(working.pid)).toBe(0);
  });

  it('trouble is news until somebody has looked, for ten minutes; a used up quota once until it is there again', () => {
    const attention = new Attention();
    const limit = (since_ms: number, resets_at_ms: number | null = 3_600_000) =>
      helperAgent({ state: 'WAITING', reason: 'limit', since_ms, resets_at_ms });
    const first = limit(0);
    attention.update([first], 0);
    expect(attention.newsUntil(first.pid)).toBe(600_000);
    attention.look(first, 2_000);
    expect(attention.newsUntil(first.pid)).toBeNull();
    attention.update([working], 60_000);
    attention.update([limit(70_000)], 70_000);
    expect(attention.unseen(first.pid)).toBe(0);
    attention.update([limit(4_000_000, 7_200_000)], 4_000_000);
    expect(attention.newsUntil(first.pid)).toBe(4_600_000);
    attention.look(first, 4_010_000);
    attention.update([limit(4_100_000, null)], 4_100_000);
    expect(attention.unseen(first.pid)).toBe(1);
  });

  it('comes back for a request that was looked at and not answered', () => {
    const attention = new Attention();
    attention.update([asking], 0);
    attention.look(asking, 2000);
    attention.lookAway(asking);
    expect(attention.unseen(asking.pid)).toBe(1);
    attention.look(asking, 4000);
    attention.update([], 5000);
    expect(attention.unseen(asking.pid)).toBe(0);
    const finished = new Attention();
    finished.update([done], 0);
    finished.look(done, 2000);
    finished.lookAway(done);
    expect(finished.unseen(done.pid)).toBe(0);
  });
});
