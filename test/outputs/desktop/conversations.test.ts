import { expect, it } from 'vitest';
import { Attention } from '../../../src/outputs/desktop/badges/attention.js';
import { desktopBadges } from '../../../src/outputs/desktop/badges/of-desktop.js';
import { decide } from '../../../src/outputs/desktop/notify/policy.js';
import { fromHelperSchema, toHelperSchema } from '../../../src/outputs/desktop/protocol.js';
import { WorkTimer } from '../../../src/outputs/helpers/work-timer.js';
import { helperAgent, helperConfig } from './helper-rig.js';

/** Two conversations in one process: to their person they are two agents. */
const shop = helperAgent({
  pid: 7,
  cwd: '/work/shop',
  tty: null,
  state: 'WAITING',
  reason: 'approval',
  asks: 'rm x',
});
const site = { ...shop, id: 4_200_000, cwd: '/work/site', reason: 'question' as const, asks: 'Which?' };

it('each has a popup of its own', () => {
  const { intents } = decide(new Map(), {
    agents: [shop, site],
    isSeen: () => false,
    now_ms: shop.since_ms + 1_000,
    minute_of_day: 720,
    started_ms: 0,
    config: helperConfig().notifications,
  });
  expect([...intents.values()].map(({ summary, heading }) => `${summary} ${heading}`)).toEqual([
    'Claude Code: approve? shop',
    'Claude Code: question site',
  ]);
});

it('each is counted, and has a badge of its own', () => {
  const attention = new Attention();
  attention.update([shop, site], 0);
  attention.update([shop, { ...site, since_ms: site.since_ms + 1 }], 1);
  expect([attention.unseen(7), attention.unseen(4_200_000)]).toEqual([1, 2]);
  const place = { window: null, panes: [], attach: null, doubt: null, tab_title: null, control: null };
  const badges = desktopBadges(
    [shop, site],
    id => attention.unseen(id),
    () => place,
    0,
  );
  expect(new Set(badges.map(({ window_id }) => window_id)).size).toBe(2);
});

it('the work of one is not the work of the other', () => {
  const timer = new WorkTimer();
  const one = { pid: 7, agent: 'codex', ending: null, tty: null, cwd: null, reason: null };
  const evidence = { source: 'transcript' as const, text: '', time_ms: 0 };
  timer.take({ ...one, evidence, time_ms: 0, from: 'WAITING', to: 'WORKING' });
  timer.take({ ...one, evidence, id: 4_200_000, time_ms: 1_000, from: 'WAITING', to: 'WORKING' });
  timer.take({ ...one, evidence, id: 4_200_000, time_ms: 3_000, from: 'WORKING', to: 'WAITING' });
  expect([timer.worked(7, 10_000), timer.worked(4_200_000, 10_000)]).toEqual([10_000, 2_000]);
});

it('what a helper may say of a log is all that a log may say', () => {
  const entry = {
    phase: 'turn_over',
    detail: null,
    session_id: null,
    at_ms: 1,
    goes_on: true,
    resets_at_ms: null,
  };
  const conversation = { id: 'ses_1', cwd: '/work/shop' };
  expect(fromHelperSchema.safeParse({ type: 'transcript', pid: 7, entry }).success).toBe(true);
  expect(fromHelperSchema.safeParse({ type: 'transcript', pid: 7, entry: null, conversation }).success).toBe(
    true,
  );
  const long = { ...conversation, id: 'x'.repeat(201) };
  expect(fromHelperSchema.safeParse({ type: 'transcript', pid: 7, entry, conversation: long }).success).toBe(
    false,
  );
  expect(toHelperSchema.safeParse({ type: 'agents', agents: [shop, site] }).success).toBe(true);
});
