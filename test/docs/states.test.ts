import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withAgentsTable } from '../../src/agents/reference.js';
import type { Role } from '../../src/agents/tracker/session.js';
import { Tracker } from '../../src/agents/tracker/tracker.js';
import { createRecogniser } from '../../src/agents/types/index.js';
import { EVIDENCE_SOURCES, REASONS, STATES } from '../../src/model/agent.js';
import { parseRecording } from '../../src/standalone/replay.js';
import { Story } from '../agents/story.js';
import { defaultOf, pattern, quoted, readPage, rows, section } from './page.js';

const page = readPage('states.md');
const CAPITALS = 'PID|CODE|NAME|WHAT|STATE|MS|N|WORDS|COMMAND|SOURCE';

// This type has no list at run time: the compiler sees that it is whole.
const ROLES: Record<Role, true> = {
  main: true,
  wrapper: true,
  helper: true,
  tool: true,
  child: true,
  descendant: true,
};

/** The first words of the rows below a heading, in order. */
function firsts(heading: string, column = 0): string[] {
  return rows(section(page, heading)).flatMap(row => quoted(row[column]!));
}

describe('docs/states.md', () => {
  it('has each state, reason and role', () => {
    const states = rows(section(page, '## States and reasons')).filter(row => row.length === 4);
    expect(states.flatMap(row => quoted(row[0]!)).sort()).toEqual([...STATES].sort());
    expect(states.flatMap(row => quoted(row[1]!)).sort()).toEqual(['-', ...REASONS].sort());
    expect(firsts('## Processes of a session')).toEqual(Object.keys(ROLES));
  });

  it('has each kind of evidence, as strong as it decides', () => {
    const kinds = firsts('## Kinds of evidence, strongest first').slice(0, EVIDENCE_SOURCES.length);
    expect([...kinds].sort()).toEqual([...EVIDENCE_SOURCES].sort());
    expect(firsts('## What the evidence says')).toEqual(kinds);
  });

  it('has the keys with their defaults', () => {
    const keys = rows(section(page, '## States and reasons')).filter(row => row.length === 3);
    expect(keys.map(([key, value]) => `${key} ${value}`)).toEqual(
      ['state.wait_threshold_ms', 'state.stall_after_s', 'state.exited_keep_s', 'evidence.self_reported'].map(
        key => `\`${key}\` \`${defaultOf(key)}\``,
      ),
    );
  });

  it('has the tables of agents and voices as they are made: make docs writes them', () => {
    expect(withAgentsTable(page)).toBe(page);
  });
});

describe('the words of vigil agents explain', () => {
  const heard = new Set<string>();
  const decided = new Set<string>();
  const listen = (tracker: Tracker) => {
    for (const session of tracker.sessions()) {
      for (const { source, text } of [...session.evidence_log, session.evidence])
        heard.add(`${source}: ${text}`);
      decided.add(tracker.explain(session)?.rule ?? 'the process ended');
    }
  };
  for (const observations of recordings()) {
    const options = {
      wait_threshold_ms: 1000,
      stall_after_ms: 300_000,
      exited_keep_ms: 60_000,
      self_reported: true,
    };
    const tracker = new Tracker(options, createRecogniser());
    for (const observation of observations) {
      tracker.apply(observation);
      listen(tracker);
    }
  }
  for (const story of stories()) listen(story.tracker);

  let source = '';
  const evidence = rows(section(page, '## What the evidence says')).flatMap(row => {
    source = quoted(row[0]!)[0] ?? source;
    return quoted(row[1]!).map(words => `${source}: ${words}`);
  });
  const rules = firsts('## What the rules say');

  it.each([
    ['evidence', heard, evidence],
    ['rules', decided, rules],
  ])('%s: each that is said is in the page, each in the page is said', (_what, said, written) => {
    // In brackets stands the tool that a transcript names.
    const bare = [...said].map(text =>
      text.startsWith('transcript: ') ? text.replace(/ \(.*\)$/s, '') : text,
    );
    const patterns = written.map(words => ({ words, pattern: pattern(words, CAPITALS) }));
    expect(bare.filter(text => !patterns.some(one => one.pattern.test(text)))).toEqual([]);
    expect(
      patterns.filter(one => !bare.some(text => one.pattern.test(text))).map(({ words }) => words),
    ).toEqual([]);
  });
});

function recordings() {
  const folder = new URL('../recordings/', import.meta.url);
  return readdirSync(folder)
    .filter(name => name.endsWith('.jsonl') && !name.endsWith('.truth.jsonl'))
    .map(name => parseRecording(readFileSync(new URL(name, folder), 'utf8')));
}

/** What no recording holds. A story is listened to each time that it is given. */
function* stories(): Generator<Story> {
  const liner = { exe: '/usr/bin/liner', argv: ['liner'] };
  yield new Story().claude(0, { argv: ['claude', '-p', 'x'] });
  yield new Story().process(0, liner, 'scan').until(3);
  yield new Story().claude(0).at(1, { type: 'gone', pid: 100 });
  yield new Story().claude(0).at(1, { type: 'oom', pid: 100 }).exit(1.1, 100, { code: null, signal: 9 });
  yield new Story().claude(0).exit(1, 100, { code: null, signal: 15, sender: { pid: 7, comm: 'bash' } });
  yield new Story().claude(0).exit(1, 100, { code: null, signal: 15 });
  yield new Story().claude(0).registry(1, { status: null, waiting_for: null, start_ticks: 4000 });
  yield new Story()
    .claude(0)
    .registry(1, { status: 'busy' })
    .registry(2, { status: null })
    .registry(3, { status: 'shell' })
    .registry(4, null);
  yield new Story().claude(0).registry(1, { status: 'busy' }).spins(1, 21).until(40);
  yield new Story().claude(0).registry(1, { status: 'idle' }).spins(20, 40);
  const titled = new Story().claude(0).key(1, true).osc(1.1, '\x1b]0;⠂ Fix\x07').spins(1.2, 3);
  const sensor = { type: 'sensor', keys: true, lifecycle: true };
  yield titled
    .at(4, { ...sensor, terminal: false })
    .at(5, { ...sensor, terminal: true })
    .until(10);
  const stopped = new Story().claude(0).at(1, { type: 'run_state', pid: 100, stopped: true });
  yield new Story().claude(0).output(0.5).until(10);
  yield stopped;
  yield stopped.at(2, { type: 'run_state', pid: 100, stopped: false });
  for (const phase of ['retrying', 'limit', 'auth', 'error'] as const)
    yield new Story().claude(0).transcript(1, phase);
  yield new Story().claude(0).transcript(1, 'approval').transcript(2, 'question', 'AskUserQuestion');
  const argv = ['claude', '--input-format', 'stream-json'];
  yield new Story().claude(0, { argv, tty: null }).until(9);
  const reader = new Story().process(0, liner).at(2, { type: 'blocked_read', pid: 100, blocked: true });
  yield reader.until(4);
  yield reader.at(5, { type: 'blocked_read', pid: 100, blocked: false });
  const shell = {
    pid: 101,
    ppid: 100,
    uid: 1000,
    path: '/bin/sh',
    argv: ['sh', '-c', 'make'],
    truncated: false,
  };
  yield new Story()
    .process(0, liner)
    .key(20, true)
    .spins(20.1, 23)
    .until(26)
    .at(26.1, { type: 'fork', ppid: 100, pid: 101 })
    .at(26.1, { type: 'exec', ...shell })
    .until(28);
}
