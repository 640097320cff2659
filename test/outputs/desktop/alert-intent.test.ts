import { describe, expect, it } from 'vitest';
import { type AlertMemory, decideAlerts } from '../../../src/outputs/desktop/notify/alert-intent.js';
import type { HelperAlert } from '../../../src/outputs/desktop/protocol.js';
import { standbyModel, trayModel } from '../../../src/outputs/desktop/tray/model.js';
import { helperAgent, helperConfig, type Overrides } from './helper-rig.js';

const alert = (over: Partial<HelperAlert> = {}): HelperAlert => ({
  id: 1,
  opened_ms: 1,
  severity: 'high',
  title: 'a leak',
  text: 'it grows',
  suggestion: null,
  status: 'open',
  ...over,
});
const config = (over: Overrides['notifications'] = {}) => helperConfig({ notifications: over }).notifications;
const NOON = 12 * 60;
const NIGHT = 3 * 60;

describe('which alerts are popups', () => {
  it.each<[string, Partial<HelperAlert>, Overrides['notifications'], number, boolean]>([
    ['high', {}, {}, NOON, true],
    ['critical', { severity: 'critical' }, {}, NOON, true],
    ['warning', { severity: 'warning' }, {}, NOON, false],
    ['info', { severity: 'info' }, {}, NOON, false],
    ['over', { status: 'resolved' }, {}, NOON, false],
    ['high in quiet hours', {}, { quiet_hours: '22:00-07:00' }, NIGHT, false],
    ['critical in quiet hours', { severity: 'critical' }, { quiet_hours: '22:00-07:00' }, NIGHT, true],
    ['switched off', { severity: 'critical' }, { enabled: false }, NOON, false],
  ])('%s', (_what, over, notifications, minute, shown) => {
    const { intents } = decideAlerts(new Map(), [alert(over)], minute, config(notifications));
    expect(intents.has(1)).toBe(shown);
  });

  it('what quiet hours hold back comes when they are over', () => {
    const quiet = config({ quiet_hours: '22:00-07:00' });
    const night = decideAlerts(new Map(), [alert()], NIGHT, quiet);
    expect(night.held).toBe(true);
    const morning = decideAlerts(night.memory, [alert()], 7 * 60, quiet);
    expect(morning.held).toBe(false);
    expect(morning.intents.get(1)?.heading).toBe('a leak');
  });

  it('one that was dismissed comes back when it gets worse, as another popup', () => {
    const gone: ReadonlyMap<number, AlertMemory> = new Map([
      [1, { severity: 'high', popup: 'closed', round: 0 }],
    ]);
    expect(decideAlerts(gone, [alert({ text: 'more' })], NOON, config()).intents.size).toBe(0);
    const worse = decideAlerts(gone, [alert({ severity: 'critical' })], NOON, config());
    expect(worse.intents.get(1)).toMatchObject({ round: 1, urgency: 'critical' });
    // It is over and forgotten: the same trouble again has another id.
    expect(decideAlerts(gone, [], NOON, config()).memory.size).toBe(0);
  });

  it('a flood is the worst five, and hostile text is harmless', () => {
    const many = Array.from({ length: 50 }, (_, i) => alert({ id: i + 1 }));
    const worst = alert({ id: 99, severity: 'critical', title: '\u202ex\u001b[31m', text: 'y\nz' });
    const { intents } = decideAlerts(new Map(), [...many, worst], NOON, config());
    expect([...intents.keys()]).toEqual([99, 50, 49, 48, 47]);
    expect(intents.get(99)).toMatchObject({ heading: '\\u202ex\\x1b[31m', lines: ['y\\nz'] });
  });
});

describe('the colour of the tray', () => {
  const model = (over: Partial<Parameters<typeof trayModel>[0]>) =>
    trayModel({
      agents: [],
      alerts: [],
      unseen: () => 0,
      newsUntil: () => null,
      paused: false,
      silent: false,
      now_ms: 0,
      config: config(),
      ...over,
    });
  const asks = helperAgent({ state: 'WAITING', reason: 'approval' });
  const stalled = helperAgent({ reason: 'stalled' });
  const limited = helperAgent({ state: 'WAITING', reason: 'limit', resets_at_ms: 3_600_000 });
  const crashed = helperAgent({ state: 'EXITED', reason: 'signal', signal: 'SIGSEGV', since_ms: 0 });
  const waiting = '1 agent, 1 waiting for you, 1 in trouble';
  const news = { unseen: () => 1, newsUntil: () => 600_000 };
  const old = { unseen: () => 1, newsUntil: () => 600_000, now_ms: 700_000 };
  it.each<[string, Parameters<typeof model>[0], string, string]>([
    ['nothing', {}, 'green', '0 agents'],
    ['work', { agents: [helperAgent()] }, 'green', '1 agent'],
    ['a request', { agents: [asks] }, 'yellow', '1 agent, 1 waiting for you'],
    ['a warning', { alerts: [alert({ severity: 'warning' })] }, 'yellow', '0 agents, 1 alert'],
    ['a high alert', { alerts: [alert()] }, 'yellow', '0 agents, 1 alert'],
    ['an info', { alerts: [alert({ severity: 'info' })] }, 'green', '0 agents'],
    [
      'a resolved one',
      { alerts: [alert({ severity: 'critical', status: 'resolved' })] },
      'green',
      '0 agents',
    ],
    ['a critical one', { alerts: [alert({ severity: 'critical' })] }, 'red', '0 agents, 1 alert, 1 critical'],
    ['a stalled agent', { agents: [stalled], ...news }, 'red', '1 agent, 1 waiting for you, 1 in trouble'],
    ['one that was looked at', { agents: [stalled] }, 'yellow', '1 agent, 1 in trouble'],
    ['one that nobody can be seen looking at', { agents: [stalled], ...old }, 'yellow', waiting],
    ['a used up quota', { agents: [limited], ...news }, 'red', waiting],
    ['one that is known', { agents: [limited] }, 'green', '1 agent, 1 in trouble'],
    [
      'one that lasts for hours on a desktop that tells no focus',
      { agents: [limited], ...old },
      'yellow',
      waiting,
    ],
    [
      'one that is over',
      { agents: [limited], now_ms: 7_200_000, unseen: () => 1 },
      'yellow',
      '1 agent, 1 waiting for you',
    ],
    ['a crash', { agents: [crashed] }, 'red', '0 agents, 1 in trouble'],
    ['a pause', { agents: [asks], paused: true }, 'grey', 'paused'],
    ['a daemon that hangs', { silent: true, paused: true }, 'red', 'vigil does not answer'],
  ])('%s', (_what, over, color, tooltip) => {
    expect(model(over)).toMatchObject({ color, tooltip });
  });

  it('without a helper it is the daemon’s', () => {
    expect(standbyModel(true).color).toBe('green');
    expect(standbyModel(false)).toMatchObject({ color: 'red', tooltip: 'vigil is not running' });
  });

  it('the menu has no label that could be mistaken for another', () => {
    const { items } = model({ agents: [asks], alerts: [alert({ title: 'a\u202eb' })] });
    expect(items.map(({ label }) => label)).toEqual([
      'Claude Code  shop  approval · Focus',
      null,
      'high: a\\u202eb',
      null,
      'Pause monitoring on this desktop',
      'Open the live view',
      'Quit until the next login',
    ]);
  });
});
