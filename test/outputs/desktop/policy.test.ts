import { describe, expect, it } from 'vitest';
import { duration, intentFor } from '../../../src/outputs/desktop/notify/intent.js';
import {
  decide,
  type EventMemory,
  isQuiet,
  type PolicyInput,
  TRANSCRIPT_MS,
} from '../../../src/outputs/desktop/notify/policy.js';
import { bodyOf, escapeMarkup } from '../../../src/outputs/desktop/notify/popups.js';
import type { HelperAgent, HelperConfig } from '../../../src/outputs/desktop/protocol.js';
import { helperAgent, helperConfig } from './helper-rig.js';

const T0 = 1_000_000;

/** One agent through time, as the person sees it. */
class Story {
  private memory: ReadonlyMap<number, EventMemory> = new Map();
  again_ms: number | null = null;

  constructor(
    private readonly over: Partial<HelperConfig['notifications']> = {},
    private readonly minute_of_day = 12 * 60,
  ) {}

  at(ms: number, agent: HelperAgent, seen = false): string | null {
    const input: PolicyInput = {
      agents: [agent],
      isSeen: () => seen,
      now_ms: T0 + ms,
      minute_of_day: this.minute_of_day,
      started_ms: T0 - 5_000,
      config: helperConfig({ notifications: this.over }).notifications,
    };
    const decision = decide(this.memory, input);
    this.memory = decision.memory;
    this.again_ms = decision.again_ms === null ? null : decision.again_ms - T0;
    const intent = decision.intents.get(agent.pid);
    return intent === undefined ? null : `${intent.summary}${intent.round === 0 ? '' : ` #${intent.round}`}`;
  }

  change(pid: number, change: Partial<EventMemory>): void {
    this.memory = new Map(this.memory).set(pid, { ...this.memory.get(pid)!, ...change });
  }
}

const at = (over: Partial<HelperAgent>) => helperAgent({ pid: 7, since_ms: T0, ...over });
const working = at({});
const asking = at({ state: 'WAITING', reason: 'approval', asks: 'Bash: ls' });
const question = at({ state: 'WAITING', reason: 'question', asks: 'Which?' });
const done = at({ state: 'WAITING', reason: 'done', worked_ms: 60_000 });
const APPROVE = 'Claude Code: approve?';
const DONE = 'Claude Code: done';

describe('what is announced', () => {
  it.each<[string, HelperAgent, Partial<HelperConfig['notifications']>, boolean, number, string | null]>([
    ['a request', asking, {}, false, 720, APPROVE],
    ['a question', question, {}, false, 720, 'Claude Code: question'],
    ['a request after a short turn', { ...asking, worked_ms: 1 }, {}, false, 720, APPROVE],
    ['a request in quiet hours', asking, { quiet_hours: '22:00-07:00' }, false, 3 * 60, APPROVE],
    ['the end of a turn', done, {}, false, 720, DONE],
    ['the end of a turn in quiet hours', done, { quiet_hours: '22:00-07:00' }, false, 3 * 60, null],
    ['the end of a turn after quiet hours', done, { quiet_hours: '22:00-07:00' }, false, 7 * 60, DONE],
    ['the end of a short turn', { ...done, worked_ms: 9_999 }, {}, false, 720, null],
    ['the end of a turn of exactly the least', { ...done, worked_ms: 10_000 }, {}, false, 720, DONE],
    [
      'the end of any turn, if one wants',
      { ...done, worked_ms: 1 },
      { min_work_seconds: 0 },
      false,
      720,
      DONE,
    ],
    ['the end of a turn that is looked at', done, {}, true, 720, null],
    ['a non-interactive run', { ...asking, interactive: false }, {}, false, 720, null],
    ['nothing, switched off', asking, { enabled: false }, false, 720, null],
    ['a fresh agent', at({ state: 'WAITING', reason: 'input' }), {}, false, 720, null],
    ['work', working, {}, false, 720, null],
    ['a stall', at({ reason: 'stalled' }), {}, false, 720, 'Claude Code: stalled'],
    ['a turn that ended before we were there', { ...done, since_ms: T0 - 60_000 }, {}, false, 720, null],
    ['a request from before we were there', { ...asking, since_ms: T0 - 60_000 }, {}, false, 720, APPROVE],
    [
      'out of memory',
      at({ state: 'EXITED', reason: 'oom', signal: 'SIGKILL' }),
      {},
      false,
      720,
      'Claude Code: out of memory',
    ],
    [
      'a kill',
      at({ state: 'EXITED', reason: 'signal', signal: 'SIGKILL' }),
      {},
      false,
      720,
      'Claude Code: killed',
    ],
    [
      'a crash',
      at({ state: 'EXITED', reason: 'signal', signal: 'SIGSEGV' }),
      {},
      false,
      720,
      'Claude Code: crashed',
    ],
    [
      'a failure',
      at({ state: 'EXITED', reason: 'exit', exit_code: 1 }),
      {},
      false,
      720,
      'Claude Code: crashed',
    ],
    [
      'a failure to start',
      at({ state: 'EXITED', reason: 'exit', exit_code: 1, has_worked: false }),
      {},
      false,
      720,
      null,
    ],
    ['Ctrl-C', at({ state: 'EXITED', reason: 'exit', exit_code: 130 }), {}, false, 720, null],
    ['a closed terminal', at({ state: 'EXITED', reason: 'signal', signal: 'SIGHUP' }), {}, false, 720, null],
    ['a good end', at({ state: 'EXITED', reason: 'exit', exit_code: 0 }), {}, false, 720, null],
  ])('%s', (_what, agent, over, seen, minute, expected) => {
    expect(new Story(over, minute).at(0, agent, seen)).toBe(expected);
  });

  it('has its urgency from the configuration', () => {
    const config = helperConfig({ notifications: { urgency_approval: 'low' } }).notifications;
    expect(intentFor(asking, config, T0)?.urgency).toBe('low');
    expect(intentFor(done, config, T0)?.urgency).toBe('normal');
  });
});

describe('through time', () => {
  it('a request waits a moment for its words, but not longer', () => {
    const story = new Story();
    expect(story.at(0, { ...asking, asks: null })).toBeNull();
    expect(story.again_ms).toBe(TRANSCRIPT_MS);
    expect(story.at(60, asking)).toBe(APPROVE);
    const mute = new Story();
    expect(mute.at(0, { ...asking, asks: null })).toBeNull();
    expect(mute.at(TRANSCRIPT_MS, { ...asking, asks: null })).toBe(APPROVE);
    // An agent without a transcript will not say what it asks.
    expect(new Story().at(0, { ...asking, has_transcript: false, asks: null })).toBe(APPROVE);
  });

  it('is over when the person answers', () => {
    const story = new Story();
    expect(story.at(0, asking)).toBe(APPROVE);
    expect(story.at(100, working)).toBeNull();
    expect(story.at(200, done)).toBe(DONE);
    expect(story.at(300, working)).toBeNull();
  });

  it('a finished turn is over when it is looked at, and stays so', () => {
    const story = new Story();
    expect(story.at(0, done)).toBe(DONE);
    expect(story.at(100, done, true)).toBeNull();
    expect(story.at(200, done, false)).toBeNull();
  });

  it('a request in front of the person waits for its grace', () => {
    const story = new Story({ focused_grace_s: 10 });
    expect(story.at(0, asking, true)).toBeNull();
    expect(story.again_ms).toBe(10_000);
    expect(story.at(5_000, asking, false)).toBe(APPROVE);
    const patient = new Story({ focused_grace_s: 10 });
    expect(patient.at(0, asking, true)).toBeNull();
    expect(patient.at(10_000, asking, true)).toBe(APPROVE);
    expect(new Story({ focused_grace_s: 0 }).at(0, asking, true)).toBe(APPROVE);
  });

  it('what was dismissed stays away, until it is another', () => {
    const story = new Story();
    expect(story.at(0, asking)).toBe(APPROVE);
    story.change(7, { popup: 'closed' });
    expect(story.at(100, asking)).toBeNull();
    expect(story.at(200, { ...asking, since_ms: T0 + 200 })).toBe(APPROVE);
  });

  it('what was snoozed comes back as new', () => {
    const story = new Story();
    expect(story.at(0, asking)).toBe(APPROVE);
    story.change(7, { snoozed_until_ms: T0 + 300_000 });
    expect(story.at(100, asking)).toBeNull();
    expect(story.again_ms).toBe(300_000);
    expect(story.at(300_000, asking)).toBe(`${APPROVE} #1`);
  });

  it('reminds once, also of what was dismissed', () => {
    const story = new Story({ remind_after_s: 60 });
    expect(story.at(0, asking)).toBe(APPROVE);
    expect(story.again_ms).toBe(60_000);
    story.change(7, { popup: 'closed' });
    expect(story.at(30_000, asking)).toBeNull();
    expect(story.at(60_000, asking)).toBe(`${APPROVE} #1`);
    expect(story.again_ms).toBeNull();
    expect(story.at(600_000, asking)).toBe(`${APPROVE} #1`);
  });
});

it.each([
  ['22:00-07:00', 22 * 60, true],
  ['22:00-07:00', 7 * 60, false],
  ['22:00-07:00', 12 * 60, false],
  ['09:00-17:00', 9 * 60, true],
  ['09:00-17:00', 17 * 60, false],
  ['', 0, false],
])('quiet hours %s at minute %i', (hours, minute, expected) => {
  expect(isQuiet(hours, minute)).toBe(expected);
});

it.each([
  [42_000, '42 s'],
  [200_000, '3 min 20 s'],
  [3_900_000, '1 h 05 min'],
])('%i ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

describe('what is shown', () => {
  const config = helperConfig().notifications;
  it('is markup only for servers that speak it', () => {
    const intent = intentFor({ ...asking, cwd: '/x/<b>&', asks: 'Bash: a > b' }, config, T0)!;
    expect(bodyOf(intent, new Set(['body', 'body-markup']))).toBe('<b>&lt;b&gt;&amp;</b>\nBash: a &gt; b');
    expect(bodyOf(intent, new Set(['body']))).toBe('<b>&\nBash: a > b');
    expect(escapeMarkup(`"'`)).toBe('&quot;&#39;');
  });

  it('cannot break out of its line or turn it around', () => {
    const intent = intentFor({ ...asking, cwd: '/x/a\nb\u202e', asks: 'Bash: \u001b[31m\r\n' }, config, T0)!;
    expect(intent.heading).toBe('a\\nb\\u202e');
    expect(intent.lines).toEqual(['Bash: \\x1b[31m\\r\\n']);
  });

  it('is headed by where the agent is, when that is no terminal of this machine', () => {
    const heading = (over: Partial<HelperAgent>) => intentFor({ ...asking, ...over }, config, T0)!.heading;
    expect(heading({})).toBe('shop');
    expect(heading({ container: 'shop-dev (podman)' })).toBe('shop · shop-dev (podman)');
    expect(heading({ host: 'zed' })).toBe('shop · zed');
    expect(heading({ container: 'a\nb', host: '\u202ez', cwd: null })).toBe('a\\nb · \\u202ez');
  });
});

describe('trouble', () => {
  const trouble = (reason: HelperAgent['reason'], over: Partial<HelperAgent> = {}) =>
    at({ state: reason === 'hung' || reason === 'stalled' ? 'WORKING' : 'WAITING', reason, ...over });
  const SAID = {
    ...{ stalled: 'stalled', hung: 'hung', limit: 'out of quota', auth: 'login needed', error: 'API error' },
  } as const;
  const each = Object.keys(SAID) as (keyof typeof SAID)[];

  it.each(each)('%s is told of once, critical, and nobody is reminded', reason => {
    const story = new Story({ remind_after_s: 60 });
    const said = `Claude Code: ${SAID[reason]}`;
    expect(story.at(0, trouble(reason))).toBe(said);
    expect(intentFor(trouble(reason), helperConfig({}).notifications, T0)?.urgency).toBe('critical');
    expect(story.again_ms).toBeNull();
    expect(story.at(61_000, trouble(reason))).toBe(said);
    story.change(7, { popup: 'closed' });
    for (let minute = 2; minute < 60; minute++) expect(story.at(minute * 60_000, trouble(reason))).toBeNull();
  });

  it.each(each)('%s that comes back at once, again and again, is not told again', reason => {
    const story = new Story();
    expect(story.at(0, trouble(reason))).not.toBeNull();
    for (let minute = 1; minute < 10; minute++) {
      expect(
        story.at(
          minute * 60_000 - 30_000,
          at({ reason: 'retrying', since_ms: T0 + minute * 60_000 - 30_000 }),
        ),
      ).toBeNull();
      expect(story.at(minute * 60_000, trouble(reason, { since_ms: T0 + minute * 60_000 }))).toBeNull();
    }
  });

  it('an error after a while of work is another one', () => {
    const story = new Story();
    expect(story.at(0, trouble('error'))).not.toBeNull();
    expect(story.at(10_000, working)).toBeNull();
    expect(story.at(600_000, trouble('error', { since_ms: T0 + 600_000 }))).toBe('Claude Code: API error');
  });

  it('what no terminal shows says how to see it', () => {
    const asks = helperAgent({
      state: 'WAITING',
      reason: 'approval',
      asks: 'Bash: ls',
      attach: 'tmux attach -t shop',
    });
    expect(intentFor(asks, helperConfig({}).notifications, T0)!.lines).toContain(
      'attach with: tmux attach -t shop',
    );
  });

  it('a limit says until when, is the same one until then, and one popup says that it is over', () => {
    const resets_at_ms = T0 + 3_600_000;
    const limit = (since: number) => trouble('limit', { resets_at_ms, since_ms: T0 + since });
    const story = new Story();
    expect(story.at(0, trouble('limit'))).toBe('Claude Code: out of quota');
    // When it ends is heard a moment later: in place.
    expect(story.at(100, limit(0))).toBe('Claude Code: out of quota');
    expect(story.again_ms).toBe(3_600_000);
    story.change(7, { popup: 'closed' });
    expect(story.at(200, limit(0))).toBeNull();
    expect(story.again_ms).toBe(3_600_000);
    expect(story.at(1_200_000, at({ reason: 'retrying' }))).toBeNull();
    expect(story.at(1_800_000, limit(1_800_000))).toBeNull();
    expect(story.at(3_600_000, limit(1_800_000))).toBe('Claude Code: quota is back');
    expect(story.again_ms).toBeNull();
    const [line] = intentFor(limit(0), helperConfig({}).notifications, T0)!.lines;
    expect(line).toMatch(/^its quota is used up until \d\d:\d\d$/);
  });

  it('one that goes on by itself when its limit is over is no news', () => {
    const story = new Story();
    expect(story.at(0, trouble('limit', { resets_at_ms: T0 + 60_000 }))).not.toBeNull();
    expect(story.at(60_000, working)).toBeNull();
  });

  it('who was laid aside, and who tries again, need nobody', () => {
    expect(new Story().at(0, trouble('suspended'))).toBeNull();
    expect(new Story().at(0, at({ reason: 'retrying' }))).toBeNull();
  });
});
