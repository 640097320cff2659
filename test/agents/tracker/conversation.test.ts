import { describe, expect, it } from 'vitest';
import { Story } from '../story.js';

/** Claude Code as an editor starts it: no terminal, messages both ways. */
function inEditor(): Story {
  const argv = ['claude', '--output-format', 'stream-json', '--input-format', 'stream-json', '--verbose'];
  const editor = { argv, tty: null, stdin_tty: false, stdout_tty: false, host: 'code' };
  return new Story().claude(0, editor);
}

const SHELL = ['/bin/bash', '-c', 'source /h/.claude/shell-snapshots/snapshot-bash-1.sh; eval "npm test"'];

describe('a conversation in an editor', () => {
  it('works during a turn and waits between, by its session file', () => {
    const story = inEditor()
      .registry(1, { status: 'idle' })
      .registry(5, { status: 'busy' })
      .transcript(6, 'tool', 'Bash: rm x')
      .registry(6.1, { status: 'waiting', waiting_for: 'permission prompt' })
      .registry(10, { status: 'busy' })
      .transcript(12, 'turn_over')
      .registry(12.1, { status: 'idle' })
      .until(600);
    expect(story.states).toEqual([
      'WAITING input @1.00',
      'WORKING thinking @5.00',
      'WAITING approval @6.10',
      'WORKING thinking @10.00',
      'WAITING done @12.14',
    ]);
    expect(story.session).toMatchObject({ mode: 'conversation', host: 'code', tty: null });
  });

  it('waits, and never stalls, where its session file has no status', () => {
    const story = inEditor()
      .registry(1, { status: null })
      .transcript(5, 'working')
      .transcript(9, 'turn_over')
      .until(1000);
    expect(story.states).toEqual(['WAITING input @5.00', 'WORKING thinking @5.10', 'WAITING done @9.04']);
  });

  it('asks when an open call runs nothing, and works when it does', () => {
    const story = inEditor()
      .transcript(5, 'working')
      .transcript(6, 'tool', 'Bash: npm test')
      .until(20)
      .at(20, { type: 'fork', ppid: 100, pid: 300 })
      .at(20, {
        type: 'exec',
        pid: 300,
        ppid: 100,
        uid: 1000,
        path: '/bin/bash',
        argv: SHELL,
        truncated: false,
      })
      .until(60)
      .exit(60, 300)
      .transcript(60.1, 'working')
      .transcript(61, 'turn_over')
      .until(70);
    expect(story.states.map(state => state.split(' @')[0])).toEqual([
      'WAITING input',
      'WORKING thinking',
      'WAITING approval',
      'WORKING thinking',
      'WORKING tool',
      'WORKING thinking',
      'WAITING done',
    ]);
  });

  it('works while a call is open that may take long without a child', () => {
    const story = inEditor().transcript(5, 'working').transcript(6, 'tool', 'Task: look around').until(100);
    expect(story.states).toEqual(['WAITING input @5.00', 'WORKING thinking @5.10']);
  });

  it('waits where nothing is known of it', () => {
    expect(inEditor().until(1000).states).toEqual(['WAITING input @5.00']);
  });

  it('is no conversation when it runs alone', () => {
    const argv = ['claude', '-p', '--output-format', 'stream-json', 'hi'];
    const story = new Story().claude(0, { argv, tty: null }).transcript(1, 'turn_over').until(10);
    expect(story.states).toEqual(['WORKING thinking @0.00']);
  });
});

describe('a server of an editor whose agent keeps no files', () => {
  const gemini = { exe: '/usr/bin/node', argv: ['node', '/usr/bin/gemini', '--acp'], tty: null };

  it('works while it writes, and for some seconds after, and waits then', () => {
    const story = new Story().process(0, gemini).spins(30, 40).until(600);
    expect(story.states).toEqual(['WAITING input @15.00', 'WORKING thinking @30.25', 'WAITING done @45.00']);
  });

  it('is none when it ends before anything told its state', () => {
    const story = new Story().process(0, gemini).exit(0.4);
    expect(story.states).toEqual([]);
    expect(story.tracker.sessions()).toEqual([]);
  });

  it('is one session with the process that it starts again', () => {
    const story = new Story().process(0, gemini).process(0.5, { ...gemini, pid: 101, ppid: 100 });
    expect(story.tracker.sessions().map(({ pid, mode }) => `${pid} ${mode}`)).toEqual(['101 conversation']);
  });
});

describe('a background session of Claude Code', () => {
  const spare = { argv: ['claude bg-spare', '--bg-spare', '/tmp/x.sock'], tty: null, stdin_tty: true };

  it('is one from when its session file names a conversation', () => {
    const story = new Story().claude(0, spare).until(100);
    expect(story.tracker.sessions()).toEqual([]);
    expect(story.tracker.dormant().map(({ pid }) => pid)).toEqual([100]);
    story
      .registry(100, { status: 'busy' })
      .registry(101, { status: 'waiting', waiting_for: 'permission prompt' });
    story.until(102);
    expect(story.states).toEqual(['WORKING thinking @100.00', 'WAITING approval @101.00']);
    expect(story.tracker.dormant()).toEqual([]);
  });

  it('was none when it ends before', () => {
    const story = new Story().claude(0, spare).exit(5);
    expect(story.states).toEqual([]);
    expect([story.tracker.sessions(), story.tracker.dormant()]).toEqual([[], []]);
  });

  it('draws on the terminal that it was given', () => {
    const story = new Story().claude(0, spare).registry(5, { status: 'idle' });
    story.claude(5.01, { ...spare, tty: 'pts/3' });
    expect(story.session).toMatchObject({ tty: 'pts/3', mode: 'terminal', state: 'WAITING' });
  });
});
