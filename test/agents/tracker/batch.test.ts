import { expect, it } from 'vitest';
import type { ProcessFacts } from '../../../src/model/observation.js';
import { Story } from '../story.js';

/** Runs without a person never wait for one, however they are started and whatever their files say. */

const NATIVE = (argv: string[]): Partial<ProcessFacts> => ({
  exe: `/usr/bin/${argv[0]}`,
  argv,
  comm: argv[0]!,
});
const NODE = (argv: string[]): Partial<ProcessFacts> => ({ exe: '/usr/bin/node', argv, comm: 'node' });

const RUNS: Record<string, Partial<ProcessFacts>> = {
  'claude -p': NATIVE(['claude', '-p', 'hi']),
  'claude --print': NATIVE(['claude', '--print', 'hi']),
  'claude -p, streaming': NATIVE(['claude', '-p', '--output-format', 'stream-json', '--verbose', 'hi']),
  'claude -p, streaming with =': NATIVE(['claude', '-p', '--output-format=stream-json', 'hi']),
  'claude -p --resume': NATIVE(['claude', '-p', '--resume', '1b2c', 'go on']),
  'claude -p --continue': NATIVE(['claude', '-p', '--continue', 'go on']),
  'claude -p --dangerously-skip-permissions': NATIVE([
    'claude',
    '--dangerously-skip-permissions',
    '-p',
    'hi',
  ]),
  'codex exec': NATIVE(['codex', 'exec', 'hi']),
  'codex exec --json': NATIVE(['codex', 'exec', '--json', 'hi']),
  'codex e': NATIVE(['codex', 'e', 'hi']),
  'codex exec resume': NATIVE(['codex', 'exec', 'resume', '--last', 'go on']),
  'codex exec review': NATIVE(['codex', 'exec', 'review', '--uncommitted']),
  'codex review': NATIVE(['codex', 'review', '--base', 'main']),
  'codex -m x exec': NATIVE(['codex', '-m', 'gpt-5.1', '--sandbox', 'read-only', 'exec', '-']),
  'gemini -p': NODE(['node', '/usr/bin/gemini', '-p', 'hi']),
  'gemini --prompt=': NODE(['node', '/usr/bin/gemini', '--prompt=hi']),
  'gemini -o json': NODE(['node', '/usr/bin/gemini', '-o', 'json', '-p', 'hi']),
  'qwen -p': NODE(['node', '/usr/bin/qwen', '-p', 'hi']),
  'opencode run': NATIVE(['opencode', 'run', 'hi']),
  'opencode run --continue': NATIVE(['opencode', 'run', '--continue', 'go on']),
};

const PLACES: Record<string, Partial<ProcessFacts>> = {
  'on a terminal': {},
  'with piped input': { stdin_tty: false },
  'with its output in a pipe, below xargs': { stdin_tty: false, stdout_tty: false },
  'in a CI, without a terminal': { tty: null, stdin_tty: false, stdout_tty: false },
};

it.each(Object.keys(RUNS).flatMap(run => Object.keys(PLACES).map(place => [run, place] as const)))(
  '%s %s',
  (run, place) => {
    const story = new Story().process(0, { ...RUNS[run], ...PLACES[place] });
    expect(story.tracker.sessions().map(({ mode }) => mode)).toEqual(['batch']);
    story
      .transcript(2, 'working')
      .transcript(3, 'tool', 'Bash: npm test')
      .until(30)
      .transcript(31, 'approval', 'Bash: npm test')
      .until(40)
      .transcript(41, 'turn_over')
      .until(200)
      .exit(200);
    expect([...new Set(story.said.map(({ to }) => to))]).toEqual(['WORKING', 'EXITED']);
  },
);
