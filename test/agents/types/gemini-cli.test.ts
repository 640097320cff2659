import { describe, expect, it } from 'vitest';
import { Story } from '../story.js';

/** Gemini CLI 0.61.0 and those built like it: node starts node, and the inner one owns the terminal. */
const OUTER = { pid: 99, ppid: 50, exe: '/usr/bin/node', argv: ['node', '/usr/bin/gemini'] };
const INNER = {
  pid: 100,
  ppid: 99,
  exe: '/usr/bin/node',
  argv: ['/usr/bin/node', '--max-old-space-size=8192', '/usr/bin/gemini'],
};
const TITLE = (title: string) => `\x1b]0;${title.padEnd(80)}\x07`;

const start = () =>
  new Story().process(0, OUTER).at(1, { type: 'fork', ppid: 99, pid: 100 }).process(1.1, INNER);
const pids = (story: Story) => story.tracker.sessions().map(session => session.pid);

describe('an agent that starts itself again', () => {
  it('is one session, however often /proc is looked at', () => {
    const story = start();
    story.process(10, { ...OUTER, started_ms: 1_800_000_000_000 }, 'scan').process(10, INNER, 'scan');
    expect(pids(story)).toEqual([100]);
    expect(story.session.members.get(99)?.role).toBe('wrapper');
    expect(story.tracker.find(99)?.pid).toBe(100);
  });

  it('is one session when it was there first', () => {
    expect(pids(new Story().process(0, OUTER, 'scan').process(0, INNER, 'scan'))).toEqual([100]);
  });

  it('is no session of its own once the inner one is over, and holds the next one', () => {
    const story = start()
      .exit(20, 100)
      .process(21, { ...OUTER, started_ms: 1_800_000_000_000 }, 'scan');
    expect(pids(story)).toEqual([100]);
    story.process(22, { ...INNER, pid: 101, start_ticks: 7000 });
    story.process(23, { ...OUTER, started_ms: 1_800_000_000_000 }, 'scan');
    expect(pids(story)).toEqual([100, 101]);
    expect(story.tracker.find(99)?.pid).toBe(101);
  });

  it('makes way for another process with the pid of its outer one', () => {
    const story = start().process(90, { ...OUTER, start_ticks: 9000, tty: 'pts/7' }, 'scan');
    expect(pids(story)).toEqual([100, 99]);
  });
});

describe('an agent that outlives its terminal', () => {
  it('hears no more of the keys of the next one with that number', () => {
    const story = start()
      .osc(3, TITLE('◇  Ready (shop)'))
      .process(20, { ...INNER, tty: null }, 'scan');
    expect(story.session.tty).toBeNull();
    story.key(30, true).until(31);
    expect(story.session.signals.activity.last_enter_ms).toBeNull();
  });
});

describe('the window title of Gemini CLI', () => {
  it('tells a turn with a request for permission', () => {
    const story = start().osc(3, TITLE('◇  Ready (shop)')).until(10).key(12, true);
    story.osc(12.1, TITLE('✦  Working… (shop)')).spins(12.1, 14);
    story.osc(14, TITLE('✋  Action Required (shop)')).until(20).key(20, true);
    story.osc(20.1, TITLE('✦  Reading the cart (shop)')).spins(20.2, 40).osc(40, TITLE('⏲  Working… (shop)'));
    story.spins(40.2, 50).osc(50, TITLE('◇  Ready (shop)')).until(60);
    expect(story.states).toEqual([
      'WAITING input @3.00',
      'WORKING thinking @12.10',
      'WAITING approval @14.00',
      'WORKING thinking @20.10',
      'WAITING done @50.04',
    ]);
  });

  it('is believed when no Enter explains it but the drawing goes on', () => {
    const story = start()
      .osc(3, TITLE('◇  Ready (shop)'))
      .key(12, true)
      .osc(12.1, TITLE('✦  Working… (shop)'));
    story.spins(12.1, 14).osc(14, TITLE('✋  Action Required (shop)')).until(30).key(30);
    story.osc(30.05, TITLE('✦  Working… (shop)')).spins(30.1, 33);
    expect(story.states.at(-1)).toMatch(/^WORKING thinking @30\.[5-9]/);
  });

  it('is no word on its state when it shows none', () => {
    const story = start().osc(3, TITLE('Gemini CLI (shop)')).output(3.1).until(20);
    expect(story.states).toEqual(['WAITING input @4.10']);
  });
});

it('a question of Gemini CLI is one where its notification says so', () => {
  const notify = (heading: string) =>
    `\x1b]777;notify;Gemini CLI needs your attention;${heading} | Colour\x07`;
  const story = start()
    .osc(3, TITLE('◇  Ready (shop)'))
    .key(20, true)
    .osc(20.1, TITLE('✦  Working… (shop)'))
    .osc(25, TITLE('✋  Action Required (shop)'))
    .osc(25, notify('Answer requested by agent'))
    .until(26);
  expect(story.session.reason).toBe('question');
  story.key(30, true).osc(30.1, TITLE('✦  Working… (shop)')).until(31);
  expect(story.session.state).toBe('WORKING');
  story.osc(35, TITLE('✋  Action Required (shop)')).osc(35, notify('Approval required')).until(36);
  expect(story.session.reason).toBe('approval');
  story.key(40, true).osc(40.1, TITLE('✦  Working… (shop)')).osc(45, TITLE('◇  Ready (shop)')).until(46);
  expect(story.session.reason).toBe('done');
  story
    .key(50, true)
    .osc(50.1, TITLE('✦  Working… (shop)'))
    .osc(55, TITLE('✋  Action Required (shop)'))
    .osc(55, notify('Answer requested by agent'))
    .key(60, false)
    .osc(60.1, TITLE('◇  Ready (shop)'))
    .until(61);
  expect(story.session.reason).toBe('done');
});
