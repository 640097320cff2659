import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AgentReport } from '../../src/api/client/index.js';
import { ewwLine } from '../../src/cli/bars/eww.js';
import { followAgents } from '../../src/cli/bars/follow.js';
import { nextToFocus, ownAgents } from '../../src/cli/bars/order.js';
import { tmuxLine } from '../../src/cli/bars/tmux.js';
import { waybarLine } from '../../src/cli/bars/waybar.js';
import type { Reason } from '../../src/model/agent.js';
import { fakeAgent } from '../api/fake-daemon.js';
import { Rig, waitFor } from '../api/rig.js';
import { vigil } from './io.js';

const at = (minute: number) => `2026-11-20T12:${String(minute).padStart(2, '0')}:00.000Z`;
const working = fakeAgent({ pid: 1, agent: 'codex', since: at(1) });
const done = fakeAgent({ pid: 2, state: 'WAITING', reason: 'done', unseen: 1, since: at(2) });
const asking = fakeAgent({
  pid: 3,
  agent: 'claude-code',
  state: 'WAITING',
  reason: 'approval',
  asks: 'Bash: a < b',
  unseen: 1,
  since: at(3),
});
const asksLonger = fakeAgent({ pid: 4, state: 'WAITING', reason: 'question', since: at(0) });
const seen = fakeAgent({ pid: 5, state: 'WAITING', reason: 'done', since: at(0) });

describe('order', () => {
  it('shows the longest waiting request first', () => {
    expect(ownAgents([working, done, asking, asksLonger, seen], 1000).map(({ pid }) => pid)).toEqual([
      4, 3, 2, 1, 5,
    ]);
    expect(nextToFocus([working, done, asking], 1000)?.pid).toBe(3);
    expect(nextToFocus([working, seen], 1000)?.pid).toBe(5);
    expect(nextToFocus([working], 1000)).toBeUndefined();
  });

  it('leaves out what is not the user’s, not interactive, or over', () => {
    const others = [fakeAgent({ uid: 7 }), fakeAgent({ interactive: false }), fakeAgent({ state: 'EXITED' })];
    expect(ownAgents(others, 1000)).toEqual([]);
  });
});

it('waybar: JSON in one line, escaped', () => {
  const line = waybarLine([asking, done, working]);
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    text: '? 1 ✔ 1 ▶ 1',
    alt: 'approval',
    tooltip:
      'claude-code  shop  waiting approval: Bash: a &lt; b\nclaude  shop  waiting done\ncodex  shop  working thinking',
    class: ['approval', 'attention', 'has-working'],
    percentage: 33,
  });
  expect(JSON.parse(waybarLine([]))).toMatchObject({ text: '', alt: 'idle', tooltip: 'No agents' });
  expect(JSON.parse(waybarLine(null))).toMatchObject({ alt: 'down', class: ['down'] });
  expect(JSON.parse(waybarLine(Array.from({ length: 25 }, () => working))).tooltip).toMatch(/… and 5 more$/);
});

it('eww: sessions, and whether one works', () => {
  expect(JSON.parse(ewwLine([asking, seen]))).toEqual({
    sessions: [
      {
        ...{ id: 3, state: 'stopped', reason: 'approval', source: 'claude-code', project: 'shop' },
        ...{ needs_attention: true, trouble: false, count: 1 },
      },
      {
        ...{ id: 5, state: 'idle', reason: 'done', source: 'generic', project: 'shop' },
        ...{ needs_attention: false, trouble: false, count: 1 },
      },
    ],
    has_working: false,
  });
  expect(JSON.parse(ewwLine(null))).toEqual({ sessions: [], has_working: false });
  expect(JSON.parse(ewwLine([working])).has_working).toBe(true);
});

it('tmux: a segment', () => {
  expect(tmuxLine([asking, working])).toBe('#[fg=yellow]? 1#[default] #[fg=blue]▶ 1#[default]');
  expect(tmuxLine([])).toBe('');
});

describe('an agent in trouble, or asleep', () => {
  const NOW = new Date(2026, 10, 20, 12, 0).getTime();
  const trouble = (reason: Reason, unseen = 1) =>
    fakeAgent({
      pid: 9,
      agent: 'codex',
      state: reason === 'hung' || reason === 'stalled' ? 'WORKING' : 'WAITING',
      reason,
      unseen,
      since: at(1),
    });
  const limit = { ...trouble('limit'), resets_at: new Date(2026, 10, 20, 15, 40).toISOString() };
  const asleep = fakeAgent({ pid: 10, state: 'WAITING', reason: 'suspended', since: at(1) });

  it.each(['limit', 'auth', 'error', 'hung', 'stalled'] as const)(
    '%s: by its name, until somebody looks',
    reason => {
      expect(JSON.parse(waybarLine([trouble(reason), working]))).toMatchObject({
        text: '! 1 ▶ 1',
        alt: reason,
        class: [reason, 'attention', 'trouble', 'has-working'],
      });
      expect(JSON.parse(waybarLine([trouble(reason, 0)]))).toMatchObject({ text: '! 1', alt: reason });
      expect(JSON.parse(waybarLine([trouble(reason, 0)])).class).not.toContain('attention');
      expect(JSON.parse(ewwLine([trouble(reason)])).sessions[0]).toMatchObject({
        ...{ state: reason === 'hung' || reason === 'stalled' ? 'working' : 'stopped' },
        ...{ reason, needs_attention: true, trouble: true },
      });
      expect(tmuxLine([trouble(reason), working])).toBe('#[fg=magenta]! 1#[default] #[fg=blue]▶ 1#[default]');
    },
  );

  it('stands after requests and before finished turns', () => {
    expect(ownAgents([done, trouble('auth'), asking], 1000).map(({ pid }) => pid)).toEqual([3, 9, 2]);
    expect(nextToFocus([working, trouble('hung')], 1000)?.pid).toBe(9);
  });

  it('says until when a limit holds', () => {
    expect(JSON.parse(waybarLine([limit], NOW)).tooltip).toBe('codex  shop  waiting limit until 15:40');
    expect(JSON.parse(waybarLine([limit], NOW + 86_400_000)).tooltip).toBe('codex  shop  waiting limit');
  });

  it('asleep is neither waiting nor idle, and is not who is shown next', () => {
    expect(JSON.parse(waybarLine([asleep]))).toMatchObject({
      ...{ text: 'z 1', alt: 'asleep', class: ['asleep'] },
      tooltip: 'claude  shop  asleep: fg lets it go on',
    });
    expect(tmuxLine([asleep])).toBe('#[fg=default]z 1#[default]');
    expect(JSON.parse(ewwLine([asleep])).sessions[0]).toMatchObject({
      state: 'idle',
      needs_attention: false,
    });
    expect(nextToFocus([asleep], 1000)).toBeUndefined();
  });

  it('who retries is at work, in a colour of its own', () => {
    expect(JSON.parse(waybarLine([fakeAgent({ reason: 'retrying' })]))).toMatchObject({
      ...{ text: '▶ 1', alt: 'retrying', class: ['retrying', 'has-working'] },
    });
  });
});

it('a bar that is followed is told when somebody looked, however late, and does not ask meanwhile', async () => {
  const rig = await Rig.start();
  const isOver = new Error('the daemon is gone');
  const shown: (readonly AgentReport[])[] = [];
  rig.daemon.list = [done];
  const following = followAgents(rig.dir, agents => {
    if (agents === null) throw isOver;
    shown.push(agents);
  });
  await waitFor(() => shown.length > 0, 20_000);
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(rig.daemon.lists).toBe(1);
  rig.daemon.list = [{ ...done, unseen: 0 }];
  rig.daemon.agentsChanged();
  await waitFor(() => shown.at(-1)?.[0]?.unseen === 0, 20_000);
  await rig.stop();
  await expect(following).rejects.toThrow(isOver);
}, 60_000);

describe('without a daemon', () => {
  it.each([
    ['waybar', waybarLine(null)],
    ['tmux', tmuxLine(null)],
    ['eww', ewwLine(null)],
  ])('%s shows that there is none', async (name, line) => {
    const dir = mkdtempSync(join(tmpdir(), 'vigil-bars-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const outcome = await vigil(['bar', name, '--no-follow', '--runtime-dir', dir]);
    expect(outcome).toEqual({ code: 0, out: `${line}\n`, err: '' });
  });
});
