import { describe, expect, it } from 'vitest';
import { backgroundCount } from '../../../src/agents/tracker/session.js';
import { configKeys } from '../../../src/config/keys.js';
import { facts } from '../facts.js';
import { Story } from '../story.js';

const FRAME = (title: string) => `\x1b]0;${title}\x07`;
const STATUS = (state: string) => `\x1b]7501;state=${state}:app=codex\x1b\\`;
const TOOL = ['/bin/bash', '-c', 'source /h/.claude/shell-snapshots/snapshot-bash-1.sh && eval "npm test"'];

describe('what Claude says of itself', () => {
  it('tells a whole turn with a permission prompt', () => {
    const story = new Story().claude(0).registry(0.2, { status: 'idle' });
    story.registry(1.6, { status: 'busy' }).spins(1.65, 3.6);
    story.registry(3.73, { status: 'waiting', waiting_for: 'permission prompt' });
    story.registry(10.61, { status: 'busy' }).at(10.62, { type: 'fork', ppid: 100, pid: 101 });
    story.at(10.63, {
      type: 'exec',
      pid: 101,
      ppid: 100,
      uid: 1000,
      path: '/bin/bash',
      argv: TOOL,
      truncated: false,
    });
    story.spins(10.7, 15.5).exit(15.6, 101).spins(15.7, 17.7);
    story.registry(17.79, { status: 'idle' }).until(30);
    expect(story.states).toEqual([
      'WAITING input @0.20',
      'WORKING thinking @1.60',
      'WAITING approval @3.73',
      'WORKING thinking @10.61',
      'WORKING tool @10.73',
      'WORKING thinking @15.60',
      'WAITING done @17.83',
    ]);
  });

  it('takes two turns with nothing between them for one stretch of work', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' });
    story
      .registry(5, { status: 'idle' })
      .registry(5.01, { status: 'busy' })
      .until(6)
      .registry(7, { status: 'idle' })
      .until(8);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WAITING done @7.04']);
  });

  it('takes no pause of the spinner for the end of a turn while a call is open, however late its file is', () => {
    const story = new Story().claude(0).registry(0.2, { status: 'idle' }).osc(0.3, FRAME('✳ Fix tests'));
    story.key(1, true).registry(1.05, { status: 'busy' }).osc(1.1, FRAME('⠂ Fix tests')).spins(1.2, 3.7);
    story.transcript(3.75, 'tool', 'Bash: npm test').osc(3.8, FRAME('✳ Fix tests')).output(3.8, 2_000);
    story.registry(4.4, { status: 'waiting', waiting_for: 'permission prompt' }).until(6);
    expect(story.states.slice(1)).toEqual(['WORKING thinking @1.05', 'WAITING approval @4.40']);
  });

  it('asks the transcript whether a prompt is a question', () => {
    const story = new Story()
      .claude(0)
      .registry(1, { status: 'busy' })
      .registry(2, { status: 'waiting', waiting_for: 'permission prompt' });
    story
      .transcript(2.1, 'question', 'AskUserQuestion')
      .transcript(5, 'working')
      .registry(5, { status: 'busy' });
    expect(story.states.slice(1)).toEqual([
      'WAITING approval @2.00',
      'WAITING question @2.10',
      'WORKING thinking @5.00',
    ]);
  });

  it('calls what it asks a question when it is no permission', () => {
    const story = new Story()
      .claude(0)
      .registry(1, { status: 'busy' })
      .registry(2, { status: 'waiting', waiting_for: 'user input' });
    expect(story.states.at(-1)).toBe('WAITING question @2.00');
  });

  it('does not believe a session file of an earlier process with the same pid', () => {
    const story = new Story().claude(0).registry(0.1, { status: 'busy', start_ticks: 4999 });
    expect(story.states).toEqual([]);
    expect(story.session.evidence_log.at(-1)?.text).toContain('earlier process');
  });

  it('ignores what it says when told to, and sees the rhythm', () => {
    const story = new Story({ self_reported: false }).claude(0).output(1).until(7);
    story.registry(8, { status: 'busy' }).osc(8, FRAME('⠂ Claude'));
    story.key(10, true).output(10.02).spins(10.25, 14);
    story.until(20);
    expect(story.states).toEqual(['WAITING input @2.00', 'WORKING thinking @10.50', 'WAITING done @15.00']);
  });

  it('is hung when it is busy by its own word, and its terminal falls silent in the midst of its work', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 21).until(400);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WORKING hung @36.00']);
    expect(story.session.evidence.text).toContain('silent for 15 s');
    story.output(401);
    expect(story.states.at(-1)).toMatch('WORKING stalled @401.00');
    story.registry(402, { status: 'idle' }).until(403);
    expect(story.states.at(-1)).toBe('WAITING done @402.04');
  });

  it('believes it when it never draws while it works: that is a setting of its person', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 5).until(40);
    story.output(40).until(60).output(60).registry(80, { status: 'idle' }).until(81);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WAITING done @80.04']);
  });

  it('does not take it for hung while its tool runs', () => {
    const story = new Story().claude(0).key(0.5, true).registry(1, { status: 'busy' }).spins(1, 21);
    story.at(21, { type: 'fork', ppid: 100, pid: 200 });
    story.at(21, {
      type: 'exec',
      pid: 200,
      ppid: 100,
      uid: 1,
      path: '/bin/bash',
      argv: TOOL,
      truncated: false,
    });
    expect(story.until(200).states).toEqual(['WORKING thinking @1.00', 'WORKING tool @21.10']);
  });

  it('lets an open question of its transcript have the say over busy, and a later busy over that', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 3);
    story
      .transcript(3, 'question', 'AskUserQuestion')
      .until(20)
      .registry(21, { status: 'busy', waiting_for: 'x' });
    expect(story.states).toEqual([
      'WORKING thinking @1.00',
      'WAITING question @3.00',
      'WORKING thinking @21.00',
    ]);
  });

  it('is suspended as long as its process is stopped, and then what it was', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 12);
    story.at(12, { type: 'run_state', pid: 100, stopped: true }).until(400);
    story.at(400, { type: 'run_state', pid: 100, stopped: false }).spins(400, 414);
    expect(story.states).toEqual([
      'WORKING thinking @1.00',
      'WAITING suspended @12.00',
      'WORKING thinking @400.00',
    ]);
    story.registry(415, { status: 'idle' }).at(420, { type: 'run_state', pid: 100, stopped: true });
    story.at(430, { type: 'run_state', pid: 100, stopped: false }).until(440);
    expect(story.states.slice(3)).toEqual([
      'WAITING done @415.04',
      'WAITING suspended @420.00',
      'WAITING done @430.00',
    ]);
  });

  it('lets a session file that was taken away speak no longer, if the agent lives on', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 3).transcript(2, 'working');
    story.registry(3, null).spins(3.25, 6).transcript(6, 'tool', 'Bash: npm test').until(20);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WAITING approval @6.60']);
  });

  it.each(['limit', 'auth', 'error'] as const)(
    'says that the turn ended in %s, where the transcript does',
    how => {
      const story = new Story()
        .claude(0)
        .registry(1, { status: 'busy' })
        .spins(1, 3)
        .transcript(1.1, 'working');
      story.transcript(3.01, how).registry(3.02, { status: 'idle' }).until(30);
      expect(story.states).toEqual(['WORKING thinking @1.00', `WAITING ${how} @3.02`]);
      story.key(31, true).registry(31.1, { status: 'busy' }).spins(31.25, 32).transcript(31.2, 'working');
      story.transcript(32, 'turn_over').registry(32, { status: 'idle' }).until(40);
      expect(story.states.at(-1)).toBe('WAITING done @32.04');
    },
  );

  it('does not say so of what ended the last turn of an earlier run, but believes a clock that was set meanwhile', () => {
    const story = new Story().claude(0).registry(1, { status: 'idle' });
    story.transcript(1.1, 'limit', null, { at_ms: 1 }).until(10);
    expect(story.states).toEqual(['WAITING input @1.00']);
    story.key(11, true).registry(11.1, { status: 'busy' }).spins(11.25, 14);
    story.transcript(14, 'working').transcript(14.5, 'limit', null, { at_ms: 1 });
    story.registry(14.6, { status: 'idle' }).until(20);
    expect(story.states.at(-1)).toMatch('WAITING limit');
  });

  it('asks, when it has been silent since it started and has not said yet that it takes input', () => {
    const story = new Story().claude(0).output(0.5).output(0.9).until(60).key(60, true).output(60.1);
    story.osc(61, FRAME('✳ Claude Code')).registry(61.2, { status: 'idle' }).until(70);
    expect(story.states).toEqual(['WAITING question @5.90', 'WAITING input @61.00']);
  });

  it('takes no agent that was found running for one with a dialog', () => {
    const story = new Story().process(0, { exe: '/usr/bin/claude', argv: ['claude'] }, 'scan').until(60);
    expect(story.states).toEqual(['WAITING input @1.00']);
  });

  it('is not done while a shell of it runs, or a sub-agent: then it goes on by itself', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 3);
    story.registry(3, { status: 'shell' }).until(9).registry(9, { status: 'idle' }).until(10);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WAITING input @3.04', 'WAITING done @9.00']);
    story.registry(20, { status: 'busy' }).spins(20, 22).transcript(21, 'turn_over', null, { goes_on: true });
    story.spins(22, 30).registry(30, { status: 'idle' }).registry(30.3, { status: 'busy' }).spins(30.3, 32);
    story.transcript(31, 'working').transcript(32, 'turn_over').registry(32, { status: 'idle' }).until(40);
    expect(story.states.slice(3)).toEqual(['WORKING thinking @20.00', 'WAITING done @32.04']);
  });

  it('is done all the same when the shell runs on: a server that was started to stay', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 3);
    story.registry(3, { status: 'shell' }).until(200);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WAITING input @3.04', 'WAITING done @63.00']);
  });

  it('says that it tries its API again, until it should have got through', () => {
    const story = new Story()
      .claude(0)
      .registry(1, { status: 'busy' })
      .spins(1, 3)
      .transcript(1.1, 'working');
    story.transcript(4, 'retrying').spins(4, 10).transcript(10, 'retrying').spins(10, 30);
    expect(story.states).toEqual([
      'WORKING thinking @1.00',
      'WORKING retrying @4.00',
      'WORKING thinking @20.00',
    ]);
  });

  it('believes no title that never shows a spinner: newer versions show none in tmux', () => {
    const topic = () => FRAME('✳ Fix tests');
    const found = new Story().process(0, { exe: '/usr/bin/claude', argv: ['claude'] }, 'scan');
    found.registry(0.5, { status: 'busy' }).spins(0.5, 3).osc(3, topic()).spins(3, 30);
    expect(found.states).toEqual(['WORKING thinking @0.50']);
    const lost = new Story().claude(0).osc(0.5, FRAME('✳ Claude Code')).key(1, true);
    lost
      .registry(1.1, { status: 'busy' })
      .spins(1.1, 3)
      .registry(3, null)
      .spins(3, 6)
      .osc(6, topic())
      .spins(6, 30);
    expect(lost.states).toEqual(['WAITING input @0.50', 'WORKING thinking @1.10']);
  });

  it('does not believe idle while it keeps drawing', () => {
    const story = new Story().claude(0).registry(1, { status: 'idle' }).spins(10, 20).until(40);
    expect(story.states).toEqual(['WAITING input @1.00', 'WORKING thinking @15.00', 'WAITING done @21.00']);
  });

  it('reads the title when there is no session file', () => {
    const story = new Story()
      .claude(0)
      .osc(0.5, FRAME('✳ Claude Code'))
      .key(1.9, true)
      .osc(2, FRAME('⠂ Fix tests'))
      .osc(2.5, FRAME('⠐ Fix tests'));
    story.osc(6, FRAME('✳ Fix tests')).until(7);
    expect(story.states).toEqual(['WAITING input @0.50', 'WORKING thinking @2.00', 'WAITING done @6.04']);
    expect(story.session.title).toBe('Fix tests');
  });
});

describe('rhythm alone', () => {
  const idle = () => new Story({ self_reported: false }).claude(0).output(0.3).output(0.6).until(8);

  it('does not take the welcome for work', () => {
    const story = new Story({ self_reported: false }).claude(0).spins(0.1, 4).until(10);
    expect(story.states).toEqual(['WAITING input @4.85']);
  });

  it('does not take a late welcome for work, nor redraws before anything was asked', () => {
    const story = new Story({ self_reported: false })
      .claude(0)
      .spins(11, 15)
      .until(19)
      .output(20)
      .output(20.3);
    expect(story.until(30).states.map(state => state.split(' @')[0])).toEqual(['WAITING input']);
    story.spins(40, 45);
    expect(story.states.at(-1)).toBe('WORKING thinking @41.00');
  });

  it('takes drawing for work at once where it did not see what was asked before', () => {
    const story = new Story({ self_reported: false })
      .process(0, { exe: '/usr/bin/claude', argv: ['claude'] }, 'scan')
      .spins(9, 14);
    expect(story.states).toEqual(['WAITING input @1.00', 'WORKING thinking @12.00']);
  });

  it('knows an agent that it finds idle, and lets one load that it saw start', () => {
    const found = new Story({ self_reported: false })
      .process(0, { exe: '/usr/bin/claude', argv: ['claude'] }, 'scan')
      .until(5);
    expect(found.states).toEqual(['WAITING input @1.00']);
    const loading = new Story({ self_reported: false }).claude(0).until(5);
    expect(loading.states).toEqual([]);
  });

  it('names the key that makes what an agent says of itself void', () => {
    const story = idle().osc(7, FRAME('⠋ Fix tests')).until(8);
    const title = story.tracker.explain(story.session)!.voices.find(({ voice }) => voice === 'title')!;
    const key = title.why.match(/^(\S+) is off$/)?.[1];
    expect(configKeys().map(({ name }) => name)).toContain(key);
  });

  it('does not take typing for work, however long it lasts', () => {
    const story = idle();
    for (let s = 10; s < 40; s += 0.31)
      story
        .key(s)
        .output(s + 0.02)
        .output(s + 0.12);
    expect(story.until(60).states).toEqual(['WAITING input @1.60']);
  });

  it('does not take one stray redraw, or a resize, for work', () => {
    const story = idle().output(20, 32).until(30);
    for (let s = 30; s < 33; s += 0.2)
      story
        .at(s, { type: 'resize', pid: 100 })
        .output(s + 0.05)
        .output(s + 0.15);
    expect(story.until(50).states).toEqual(['WAITING input @1.60']);
  });

  it('takes the blinking of a request for attention neither for work nor for the end of silence', () => {
    const story = idle().key(10, true).spins(10.25, 14);
    for (let s = 15; s < 40; s++)
      story
        .osc(s, FRAME('[ ! ] Action Required | shop'))
        .output(s)
        .output(s + 0.1);
    expect(story.states).toEqual(['WAITING input @1.60', 'WORKING thinking @10.50', 'WAITING done @15.00']);
  });

  it('stays with its state while nobody watches the terminal', () => {
    const story = idle().key(10, true).spins(10.25, 12);
    story.at(12.1, { type: 'sensor', terminal: false, keys: false, lifecycle: true }).until(30);
    story.at(30, { type: 'sensor', terminal: true, keys: true, lifecycle: true }).spins(30.1, 32).until(40);
    expect(story.states).toEqual(['WAITING input @1.60', 'WORKING thinking @10.50', 'WAITING done @32.85']);
  });
});

describe('Codex', () => {
  const start = () =>
    new Story()
      .process(0, { pid: 99, exe: '/usr/bin/node', argv: ['node', '/usr/bin/codex'] })
      .process(0.1, { pid: 100, ppid: 99, exe: '/x/codex', argv: ['codex'] })
      .at(0.2, { type: 'fork', ppid: 100, pid: 102 })
      .process(0.3, {
        pid: 102,
        ppid: 100,
        tty: null,
        exe: '/h/.codex/packages/codex',
        argv: ['codex', 'app-server', '--listen', 'unix://'],
      });

  it('is one session: wrapper, terminal process, server and the tools of the server', () => {
    const story = start().osc(1, STATUS('idle')).key(1.9, true).osc(2, STATUS('working'));
    story.at(3, { type: 'fork', ppid: 102, pid: 103 });
    story.process(3.01, {
      pid: 103,
      ppid: 102,
      tty: null,
      exe: '/bin/bash',
      argv: ['/bin/bash', '-c', 'sleep 3'],
    });
    story.exit(6, 103).osc(7, STATUS('done')).until(8);
    expect(story.tracker.sessions()).toHaveLength(1);
    expect(story.session.pid).toBe(100);
    expect([...story.session.members.values()].map(m => `${m.pid} ${m.role}`)).toEqual([
      '100 main',
      '99 wrapper',
      '102 helper',
    ]);
    expect(story.states).toEqual([
      'WAITING input @1.00',
      'WORKING thinking @2.00',
      'WORKING tool @3.11',
      'WORKING thinking @6.00',
      'WAITING done @7.04',
    ]);
  });

  it('does not take the blip of its start for a turn', () => {
    const story = start()
      .osc(3, STATUS('idle'))
      .osc(3.01, STATUS('working'))
      .osc(3.05, STATUS('idle'))
      .until(10);
    expect(story.states).toEqual(['WAITING input @3.00']);
    story.osc(11, STATUS('working')).until(12);
    expect(story.states).toHaveLength(1);
    story.osc(20, STATUS('working')).osc(20.1, FRAME('⠙ shop')).until(21);
    expect(story.states.at(-1)).toBe('WORKING thinking @20.15');
  });

  it('is understood although half of what it said was not heard', () => {
    const story = start().osc(1, STATUS('idle')).key(2, true).osc(2.1, STATUS('working'));
    story.osc(3, STATUS('blocked:kind=permission')).key(8, true);
    // `working` is lost; the spinner is back.
    story.osc(8.1, FRAME('⠋ shop')).output(8.1).osc(8.2, FRAME('⠙ shop')).output(8.2).output(8.3);
    // `done` is lost; the spinner is gone.
    story.osc(9, FRAME('shop')).until(10);
    expect(story.states).toEqual([
      'WAITING input @1.00',
      'WORKING thinking @2.10',
      'WAITING approval @3.00',
      'WORKING thinking @8.10',
      'WAITING done @9.04',
    ]);
    // The end of a blip is lost: it draws no more.
    story.osc(20, STATUS('working')).output(20.01).until(40);
    expect(story.states).toHaveLength(5);
    // Both are lost: the transcript tells.
    story
      .key(50, true)
      .osc(50.1, STATUS('working'))
      .spins(50.2, 52.2)
      .transcript(52.3, 'turn_over')
      .until(60);
    expect(story.states.slice(5)).toEqual(['WORKING thinking @50.10', 'WAITING done @53.30']);
  });

  it('is believed without titles too, when no Enter explains its work but it goes on', () => {
    const story = start()
      .osc(1, STATUS('idle'))
      .osc(20, STATUS('blocked:kind=permission'))
      .key(30)
      .osc(30.1, STATUS('working'));
    story.until(30.3);
    expect(story.states.at(-1)).toBe('WAITING approval @20.00');
    for (let s = 30.1; s < 32; s += 0.1) story.output(s);
    expect(story.states.at(-1)).toMatch(/^WORKING thinking @30\.[5-7]/);
  });

  it('says what it is blocked on', () => {
    const story = start()
      .osc(2, STATUS('working'))
      .osc(3, '\x1b]7501;state=blocked:app=codex:kind=permission\x1b\\');
    expect(story.states.at(-1)).toBe('WAITING approval @3.00');
  });

  it('gives the tool of a shared server to the session in the same directory', () => {
    const story = start().process(5, {
      pid: 200,
      ppid: 7,
      exe: '/x/codex',
      argv: ['codex'],
      cwd: '/home/u/other',
      tty: 'pts/9',
    });
    story.key(5, true).osc(5.5, STATUS('working')).osc(6, STATUS('working'), 200).until(6.5);
    story.process(7, {
      pid: 300,
      ppid: 102,
      tty: null,
      exe: '/bin/bash',
      argv: ['bash', '-c', 'ls'],
      cwd: '/home/u/shop',
    });
    expect(story.tracker.find(300)?.pid).toBe(100);
    story.process(8, {
      pid: 301,
      ppid: 102,
      tty: null,
      exe: '/bin/bash',
      argv: ['bash', '-c', 'ls'],
      cwd: '/home/u/other',
    });
    expect(story.tracker.find(301)?.pid).toBe(200);
  });

  it('keeps counting a shell of the server that became its command', () => {
    const story = start().key(1, true).osc(1.1, STATUS('working'));
    const tool = { pid: 300, ppid: 102, tty: null };
    story.at(2, { type: 'fork', ppid: 102, pid: 300 });
    story.process(2, { ...tool, exe: '/bin/bash', argv: ['bash', '-c', 'sleep 60'] });
    story.process(2.01, { ...tool, exe: '/bin/sleep', argv: ['sleep', '60'] });
    story.osc(3, STATUS('done')).until(4);
    expect([story.session.state, backgroundCount(story.session)]).toEqual(['WAITING', 1]);
  });

  const SERVER = {
    pid: 300,
    ppid: 1,
    exe: '/n/codex',
    argv: ['codex', 'app-server'],
    tty: null,
    start_ticks: 30,
  };
  const shell = (pid: number, ppid: number, more = {}) => ({
    ...{ pid, ppid, exe: '/bin/bash', argv: ['/bin/bash', '-lc', 'npm test'], tty: null, start_ticks: pid },
    ...more,
  });
  const working = (story: Story) =>
    story
      .process(1, { exe: '/n/codex', argv: ['codex'] })
      .osc(2, STATUS('working'))
      .key(2, true)
      .spins(2, 3);

  it('has the tools of a server that nobody was seen to start, by looking at /proc alone', () => {
    const story = working(new Story().process(0, SERVER, 'scan'));
    const tool = shell(301, 300);
    expect(story.tracker.concerns({ type: 'process', time_ms: 0, how: 'scan', process: facts(tool) })).toBe(
      true,
    );
    story.process(4, tool, 'scan');
    expect(story.session.members.get(301)?.role).toBe('tool');
  });

  it('does not take in what a stranger starts that has the pid of a former server or wrapper', () => {
    const story = working(new Story().process(0, SERVER, 'scan'));
    // The server ended unseen; its pid went to somebody's shell.
    story.process(4, shell(300, 1, { start_ticks: 400 }), 'scan');
    story.at(4.5, { type: 'fork', ppid: 300, pid: 301 }).process(5, shell(301, 300), 'scan');
    expect([...story.session.members.keys()]).toEqual([100]);
    const other = new Story().process(0, {
      ...{
        pid: 90,
        exe: '/usr/bin/node',
        argv: ['node', '/usr/lib/node_modules/@openai/codex/bin/codex.js'],
        start_ticks: 9,
      },
    });
    expect(other.tracker.unattached()).toHaveLength(1);
    other.process(1, shell(90, 1, { start_ticks: 99 }), 'scan');
    other.process(2, { ppid: 90, exe: '/n/codex', argv: ['codex'] });
    expect([...other.session.members.keys()]).toEqual([100]);
  });

  it('keeps no more wrappers in mind than one user may have, nor one that never starts its agent', () => {
    const wrapper = {
      exe: '/usr/bin/node',
      argv: ['node', '/usr/lib/node_modules/@openai/codex/bin/codex.js'],
    };
    const story = new Story();
    for (let pid = 1000; pid < 1500; pid++) story.process(0, { ...wrapper, pid, start_ticks: pid });
    expect(story.tracker.unattached().length).toBeLessThanOrEqual(100);
    story.process(1, { ...wrapper, pid: 7, uid: 1001, start_ticks: 7 });
    expect(story.tracker.unattached().map(({ pid }) => pid)).toContain(7);
    story.process(3_600, { ...wrapper, pid: 8, start_ticks: 8, uid: 1002 });
    expect(story.tracker.unattached().map(({ pid }) => pid)).toEqual([8]);
  });

  it('outlives the session that started its server', () => {
    const story = start()
      .exit(4, 100)
      .exit(4.1, 99)
      .process(5, { pid: 200, ppid: 7, exe: '/x/codex', argv: ['codex'], start_ticks: 6000 });
    story.osc(6, STATUS('working'), 200).at(7, { type: 'fork', ppid: 102, pid: 300 });
    expect(story.tracker.find(300)?.pid).toBe(200);
  });
});

describe('how agents end', () => {
  const working = () => new Story().claude(0).registry(1, { status: 'busy' });

  it('with a code', () => {
    const story = working().exit(3, 100, { code: 2 });
    expect(story.states.at(-1)).toBe('EXITED exit @3.00');
    expect(story.session.ending).toEqual({ code: 2, signal: null, sender: null });
  });

  it('by a signal, and from whom', () => {
    const story = working().exit(3, 100, { code: null, signal: 9, sender: { pid: 7, comm: 'bash' } });
    expect(story.states.at(-1)).toBe('EXITED signal @3.00');
    expect(story.session.evidence.text).toBe('ended by signal 9 from bash (7)');
  });

  it('for want of memory', () => {
    const story = working().at(2.9, { type: 'oom', pid: 100 }).exit(3, 100, { code: null, signal: 9 });
    expect(story.states.at(-1)).toBe('EXITED oom @3.00');
  });

  it('unseen, and is listed for a minute', () => {
    const story = working().at(3, { type: 'gone', pid: 100 }).until(62);
    expect(story.states.at(-1)).toBe('EXITED exit @3.00');
    expect(story.tracker.sessions()).toHaveLength(1);
    expect(story.until(64).tracker.sessions()).toHaveLength(0);
  });

  it('and leaves its pid to another', () => {
    const story = working()
      .claude(5, { start_ticks: 9000 })
      .registry(5.2, { status: 'busy', start_ticks: 5000 });
    const [old, fresh] = story.tracker.sessions();
    expect([old?.state, fresh?.state]).toEqual(['EXITED', 'UNKNOWN']);
    story.registry(6, { status: 'idle', start_ticks: 9000 });
    expect(fresh?.state).toBe('WAITING');
  });

  it('but not by a re-exec of itself', () => {
    const story = working().claude(2, {
      exe: '/home/u/.local/share/claude/versions/2.1.233',
      argv: ['claude', '--continue'],
    });
    expect(story.tracker.sessions()).toHaveLength(1);
    expect(story.session.command).toBe('claude --continue');
    expect(story.states).toEqual(['WORKING thinking @1.00']);
  });

  it('when it becomes another program, it is no agent any more', () => {
    const story = working().process(2, { exe: '/bin/bash', argv: ['bash'] });
    expect(story.states.at(-1)).toBe('EXITED exit @2.00');
  });
});

describe('background, stalls and non-interactive runs', () => {
  it('counts a shell that outlives the turn, and does not mix it into the state', () => {
    const story = new Story()
      .claude(0)
      .registry(1, { status: 'busy' })
      .at(2, { type: 'fork', ppid: 100, pid: 101 });
    story.at(2.1, {
      type: 'exec',
      pid: 101,
      ppid: 100,
      uid: 1000,
      path: '/bin/bash',
      argv: TOOL,
      truncated: false,
    });
    story.at(2.2, { type: 'fork', ppid: 101, pid: 102 });
    expect(backgroundCount(story.session)).toBe(0);
    story.registry(3, { status: 'idle' }).until(4);
    expect([story.session.state, backgroundCount(story.session)]).toEqual(['WAITING', 1]);
    story.registry(5, { status: 'busy' });
    expect(story.states.at(-1)).toBe('WORKING thinking @5.00');
    story.registry(6, { status: 'shell' }).until(6.5);
    expect([story.session.state, backgroundCount(story.session)]).toEqual(['WAITING', 1]);
    story.exit(7, 101);
    expect(backgroundCount(story.session)).toBe(0);
  });

  it('does not take MCP servers and hooks for tools', () => {
    const story = new Story().claude(0).registry(1, { status: 'busy' });
    story.process(2, { pid: 101, ppid: 100, exe: '/bin/sh', argv: ['sh', '-c', './my-hook.sh'] });
    story.process(2, { pid: 102, ppid: 100, exe: '/usr/bin/node', argv: ['npm', 'exec', 'context7-mcp'] });
    story.process(2, { pid: 103, ppid: 102, exe: '/bin/sh', argv: ['sh', '-c', 'context7-mcp'] });
    expect(story.states).toEqual(['WORKING thinking @1.00']);
  });

  it('calls it stalled when the model says nothing for long, though the spinner spins', () => {
    const story = new Story({ stall_after_ms: 60_000 })
      .claude(0)
      .registry(1, { status: 'busy' })
      .spins(1, 90);
    expect(story.states).toEqual(['WORKING thinking @1.00', 'WORKING stalled @61.00']);
    story.transcript(91, 'working');
    expect(story.states.at(-1)).toBe('WORKING thinking @91.00');
  });

  it('takes neither silence nor stillness for anything while the machine sleeps', () => {
    const story = new Story({ stall_after_ms: 60_000 })
      .claude(0)
      .claude(0.1, { pid: 200, start_ticks: 6000, argv: ['claude', '-p', 'hi'], tty: 'pts/4' })
      .registry(1, { status: 'busy' })
      .spins(1, 30);
    const night_s = 8 * 3600;
    story
      .at(30.1, { type: 'sensor', terminal: false, keys: false, lifecycle: true, slept_ms: night_s * 1000 })
      .at(30.1 + night_s, { type: 'sensor', terminal: true, keys: true, lifecycle: true });
    expect(story.states).toEqual(['WORKING thinking @0.10', 'WORKING thinking @1.00']);
    // And from then on it counts again.
    story.spins(30.2 + night_s, 62 + night_s);
    expect(story.states.slice(2)).toEqual(['WORKING stalled @28860.10', 'WORKING stalled @28861.00']);
  });

  it('never lets a one-shot run wait', () => {
    const story = new Story()
      .claude(0, { argv: ['claude', '-p', 'hi'] })
      .until(100)
      .exit(101);
    expect(story.states).toEqual(['WORKING thinking @0.00', 'EXITED exit @101.00']);
  });
});

describe('tools of a silent agent', () => {
  const aider = () =>
    new Story()
      .process(0, { exe: '/usr/bin/python3', argv: ['python3', '/usr/bin/aider'] })
      .output(1)
      .until(13);
  const shell = (story: Story, s: number, pid: number) =>
    story.at(s, { type: 'fork', ppid: 100, pid }).at(s, {
      type: 'exec',
      pid,
      ppid: 100,
      uid: 1000,
      path: '/bin/sh',
      argv: ['/bin/sh', '-c', 'git rev-parse HEAD'],
      truncated: false,
    });

  it('are work, but not the moment in which it asks git where it is', () => {
    const story = aider().key(20, true).spins(20.2, 22).until(25);
    const before = story.states.length;
    shell(story, 30, 101).exit(30.05, 101).until(35);
    expect(story.states).toHaveLength(before);
    shell(story, 40, 102).until(45).exit(45, 102).until(50);
    expect(story.states.slice(before)).toEqual(['WORKING tool @40.10', 'WAITING done @45.00']);
  });
});

describe('line by line', () => {
  it('waits while it is blocked in read()', () => {
    const story = new Story().process(0, { exe: '/usr/bin/liner', argv: ['liner'] }).output(0.1);
    story.at(0.8, { type: 'blocked_read', pid: 100, blocked: true }).until(5);
    story.key(5, true).at(5.1, { type: 'blocked_read', pid: 100, blocked: false }).until(30);
    story.output(30).at(30.5, { type: 'blocked_read', pid: 100, blocked: true }).until(60);
    expect(story.states).toEqual(
      ['WAITING input @1.80', 'WORKING thinking @5.10', 'WAITING done @31.50'].slice(0),
    );
  });
});

describe('families', () => {
  it('follows a child through fork and setsid to its agent, also after its parent died', () => {
    const story = new Story().claude(0).registry(0.5, { status: 'busy' });
    story
      .at(1, { type: 'fork', ppid: 100, pid: 101 })
      .at(1.1, { type: 'fork', ppid: 101, pid: 102 })
      .exit(1.2, 101);
    expect(story.tracker.find(102)?.pid).toBe(100);
  });

  it('takes node → node for one agent, the inner process', () => {
    const gemini = { exe: '/usr/bin/node', argv: ['node', '/usr/bin/gemini'] };
    const story = new Story()
      .process(0, gemini)
      .process(1, { ...gemini, pid: 101, ppid: 100, start_ticks: 5100 });
    expect(story.tracker.sessions()).toHaveLength(1);
    expect(story.session.pid).toBe(101);
    story.exit(5, 101);
    expect(story.states.at(-1)).toBe('EXITED exit @5.00');
  });

  it('shows an agent inside an agent as its own, non-interactive session', () => {
    const story = new Story().claude(0).registry(0.5, { status: 'busy' });
    story.at(1, { type: 'fork', ppid: 100, pid: 101 });
    story.at(1.1, {
      type: 'exec',
      pid: 101,
      ppid: 100,
      uid: 1000,
      path: '/bin/bash',
      argv: TOOL,
      truncated: false,
    });
    story.claude(2, { pid: 102, ppid: 101, argv: ['claude', '-p', 'x'], tty: null });
    expect(story.tracker.sessions().map(s => `${s.pid} ${s.mode} ${s.state}`)).toEqual([
      '100 terminal WORKING',
      '102 batch WORKING',
    ]);
  });

  it('forgets everything about processes that are gone', () => {
    const story = new Story({ exited_keep_ms: 1000 }).claude(0);
    for (let i = 0; i < 500; i++) story.at(1, { type: 'fork', ppid: 100, pid: 1000 + i }).exit(1, 1000 + i);
    expect(story.session.members.size).toBe(1);
    story.exit(2).until(10);
    expect(story.tracker.sessions()).toEqual([]);
    expect(story.tracker.nextDeadline()).toBeNull();
  });
});

describe('the transcript alone', () => {
  it('tells a request for permission from a running tool by what moves', () => {
    const story = new Story().claude(0).transcript(1, 'working').spins(1, 3);
    story.transcript(3, 'tool', 'Bash: npm test').until(3.7);
    for (let s = 4; s < 9; s++) story.output(s, 36);
    story.transcript(9, 'working').spins(9, 12).transcript(12, 'turn_over').until(20);
    expect(story.states).toEqual([
      'WORKING thinking @1.00',
      'WAITING approval @3.60',
      'WORKING thinking @9.10',
      'WAITING done @12.04',
    ]);
  });
});

describe('terminals of the same name', () => {
  it('of containers are told apart by the process group that keys are for', () => {
    const story = new Story().claude(0, { pid: 100, group: 100 }).claude(0.1, { pid: 200, group: 200 });
    story.at(1, { type: 'key', tty: 'pts/3', group: 200, bytes: 1, enter: true, escape: false });
    const [one, other] = [100, 200].map(pid => story.tracker.find(pid)!.signals.activity.last_key_ms);
    expect(one).toBeNull();
    expect(other).not.toBeNull();
  });
});

describe('without kernel events', () => {
  const watched = () => new Story().at(0, { type: 'sensor', terminal: true, keys: false, lifecycle: false });
  /** Bytes were written to something since the last look, a quarter of a second before. */
  const sampled = (story: Story, ...times: number[]) => {
    for (const s of times)
      story.at(s, { type: 'output', pid: 100, tty: 'pts/3', sampled: true, writes: 1, bytes: 80 });
    return story;
  };
  const each = (from: number, to: number, step: number) =>
    Array.from({ length: Math.round((to - from) / step) }, (_, i) => from + i * step);
  const states = (story: Story) => story.said.map(({ to }) => to);

  it('an approval stays one while its title blinks once a second, which is seen 750 ms apart, too', () => {
    const story = watched().claude(0).transcript(14, 'working');
    sampled(story, ...each(14, 20, 0.25))
      .transcript(20, 'tool', 'Bash: npm test')
      .until(22);
    expect(story.states.at(-1)).toContain('WAITING approval');
    const before = story.said.length;
    sampled(story, 22, 22.75, 24, 24.75, 25.75, 26.5, 27.75, 28.5).until(29);
    expect(story.said.slice(before)).toEqual([]);
  });

  it('work is seen that begins soon after the start, once the welcome is over', () => {
    const story = watched().process(0, { exe: '/usr/bin/liner', argv: ['liner'], comm: 'liner' });
    sampled(story, ...each(0.5, 1.5, 0.25)).until(4.9);
    expect(states(story)).not.toContain('WORKING');
    sampled(story, ...each(5, 6.5, 0.25));
    expect(states(story).at(-1)).toBe('WORKING');
  });
});
