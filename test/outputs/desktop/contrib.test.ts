import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentReport } from '../../../src/api/client/index.js';
import { ewwLine } from '../../../src/cli/bars/eww.js';
import { allCommands } from '../../../src/cli/commands/index.js';
import { fakeAgent } from '../../api/fake-daemon.js';
import { hasProgram, ROOT } from './user.js';

const COMMANDS = await allCommands();

/**
 * eww is in no Debian: its widget is read here as eww reads it, S-expressions with `{…}` expressions, strings
 * in three kinds of quotes and `;` comments, and what it uses is compared with what vigil prints.
 */
type Node = string | Node[];

function parseYuck(text: string): Node[] {
  // Strings and expressions first: they may contain anything.
  const token =
    /;[^\n]*|("(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*')|(\{(?:"[^"]*"|[^{}"])*\})|([()])|([^\s(){}"'`;]+)/gy;
  const stack: Node[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const space = /\s*/y;
    space.lastIndex = at;
    at += space.exec(text)![0].length;
    if (at >= text.length) break;
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new Error(`not yuck: ${text.slice(at, at + 40)}`);
    at += match[0].length;
    const [whole, , , bracket] = match;
    if (whole.startsWith(';')) continue;
    if (bracket === '(') stack.push([]);
    else if (bracket === ')') {
      const done = stack.pop()!;
      if (stack.length === 0) throw new Error('one ) too many');
      stack.at(-1)!.push(done);
    } else stack.at(-1)!.push(whole);
  }
  if (stack.length !== 1) throw new Error('a ( that is not closed');
  return stack[0]!;
}

function* flat(nodes: Node[]): Generator<string> {
  for (const node of nodes) {
    if (typeof node === 'string') yield node;
    else yield* flat(node);
  }
}

describe('the widget for eww', () => {
  const text = readFileSync(join(ROOT, 'contrib/eww/vigil.yuck'), 'utf8');

  it('is read without a rest', () => {
    const forms = parseYuck(text) as Node[][];
    expect(forms.map(([what, name]) => `${what} ${name}`)).toEqual([
      'deflisten vigil-agents',
      'defwidget vigil',
    ]);
    expect(() => parseYuck(`${text})`)).toThrow('too many');
    expect(() => parseYuck(text.replace(/\)\s*$/, ''))).toThrow('not closed');
  });

  it('uses only what vigil bar eww prints, from the beginning', () => {
    const [listen] = parseYuck(text) as Node[][];
    const initial = JSON.parse(String(listen![3]).slice(1, -1)) as object;
    const agent = fakeAgent({ state: 'WAITING', reason: 'approval' }) as AgentReport;
    const printed = JSON.parse(ewwLine([agent])) as { sessions: object[] };
    expect(Object.keys(initial)).toEqual(Object.keys(printed));
    const used = [...text.matchAll(/\bagent\.(\w+)/g)].map(match => match[1]!);
    expect(used.length).toBeGreaterThan(4);
    for (const field of used) expect(printed.sessions[0]).toHaveProperty(field);
    expect(text).toContain('(for agent in {vigil-agents.sessions}');
  });

  it('runs commands that exist', () => {
    const words = [...flat(parseYuck(text))].join(' ');
    const commands = [...words.matchAll(/\bvigil (bar|focus|[a-z]+) /g)].map(match => match[1]!);
    const known = new Set(COMMANDS.map(({ usage }) => usage.split(' ')[0]));
    expect(commands).toContain('bar');
    expect(commands).toContain('focus');
    for (const command of commands) expect(known).toContain(command);
  });
});

it.skipIf(!hasProgram('tmux'))('tmux takes its segment and its key', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-tmux-'));
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(dir, 'socket'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
  try {
    tmux('-f', '/dev/null', 'new-session', '-d', 'sleep 1000');
    // It fails on a line that tmux does not understand.
    tmux('source-file', join(ROOT, 'contrib/tmux/vigil.conf'));
    expect(tmux('show-options', '-gv', 'status-right')).toMatch(/#\(vigil bar tmux --follow\)$/m);
    expect(tmux('list-keys', '-T', 'prefix', 'A')).toContain('run-shell -b "vigil focus next"');
  } finally {
    tmux('kill-server');
    rmSync(dir, { recursive: true });
  }
});

it('the desktop entries run commands that exist', () => {
  const known = new Set(COMMANDS.map(({ usage }) => usage.split(' ')[0]));
  for (const file of ['contrib/vigil.desktop', 'contrib/autostart/vigil-tray.desktop']) {
    const entry = readFileSync(join(ROOT, file), 'utf8');
    expect(entry).toMatch(/^\[Desktop Entry\]\nType=Application\n/);
    expect(known).toContain(/^Exec=vigil (\w+)/m.exec(entry)![1]);
  }
});
