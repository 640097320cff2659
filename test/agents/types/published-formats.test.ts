import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentType } from '../../../src/agents/agent-type.js';
import type { AgentFileReader } from '../../../src/agents/transcripts/reader.js';
import { readAiderHistory } from '../../../src/agents/types/aider/history.js';
import { aider } from '../../../src/agents/types/aider/index.js';
import { readCrushMessages } from '../../../src/agents/types/crush/database.js';
import { crush } from '../../../src/agents/types/crush/index.js';
import type { Observation, TranscriptPhase } from '../../../src/model/observation.js';

/** Agents that could not be run: their files as their published source writes them. */

let home: string;
let open: AgentFileReader[];
let seen: Observation[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-published-'));
  open = [];
  seen = [];
});
afterEach(() => {
  for (const reader of open) reader.close();
  rmSync(home, { recursive: true });
});

/** One that was started in `cwd`. */
function session(type: AgentType, pid: number, cwd = home, started_ms = Date.now()): void {
  const reader = type.files!.open({
    session: { pid, uid: process.getuid!(), cwd, start_ticks: pid, started_ms, session_id: null },
    folder: cwd,
    emit: observation => seen.push(observation),
    clock: { now: () => 0, wallTime: time_ms => time_ms },
    log: () => {},
  });
  open.push(reader);
  reader.start();
}

const lastOf = (pid: number) =>
  seen.flatMap(o => (o.type === 'transcript' && o.pid === pid ? [o.entry] : [])).at(-1);
const says = (pid: number, phase: TranscriptPhase | undefined) =>
  vi.waitFor(() => expect(lastOf(pid)?.phase).toBe(phase), { timeout: 20_000, interval: 50 });

const part = (type: string, data: Record<string, unknown>) => ({ type, data });
const CALL = part('tool_call', { id: 'c1', name: 'bash', input: '{"command":"make"}', finished: true });
const CRUSH_SCHEMA = `
  CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL,
    message_count INTEGER NOT NULL DEFAULT 0, updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
  CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL,
    parts TEXT NOT NULL default '[]', model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    finished_at INTEGER);`;

/** Crush's database with one conversation, as it keeps it open while it lives. */
function crushAt(folder: string) {
  mkdirSync(join(folder, '.crush'), { recursive: true });
  const database = new Sqlite(join(folder, '.crush/crush.db'));
  database.pragma('journal_mode = WAL');
  database.exec(CRUSH_SCHEMA);
  const now_s = Math.floor(Date.now() / 1000);
  const begin = (id: string, parent: string | null) =>
    database
      .prepare('INSERT INTO sessions VALUES (?, ?, ?, 0, ?, ?)')
      .run(id, parent, 'A talk', now_s, now_s);
  begin('s1', null);
  let serial = 0;
  const write = (role: string, parts: object[], session = 's1') =>
    database
      .prepare('INSERT INTO messages VALUES (?, ?, ?, ?, null, ?, ?, null)')
      .run(`m${++serial}`, session, role, JSON.stringify(parts), now_s, now_s);
  return { database, begin, write };
}

it('Crush: a prompt, a call that is open, its result, and the end of a turn, told as they are written', async () => {
  const { database, write } = crushAt(home);
  const below = join(home, 'src/lib');
  mkdirSync(below, { recursive: true });
  session(crush, 7, below);
  write('user', [part('text', { text: 'build it' })]);
  await says(7, 'working');
  write('assistant', [part('text', { text: 'I do.' }), CALL]);
  await says(7, 'tool');
  expect(lastOf(7)?.detail).toBe('bash: make');
  write('tool', [part('tool_result', { tool_call_id: 'c1', content: 'made' })]);
  await says(7, 'working');
  write('assistant', [part('finish', { reason: 'end_turn', time: 1 })]);
  await says(7, 'turn_over');
  database.close();
});

it('Crush: what a sub-agent asks for, its person is asked', async () => {
  const { database, begin, write } = crushAt(home);
  session(crush, 7);
  write('user', [part('text', { text: 'look around' })]);
  write('assistant', [part('tool_call', { id: 'a1', name: 'agent', input: '{}', finished: true })]);
  await says(7, 'working');
  begin('s2', 's1');
  write('assistant', [CALL], 's2');
  await says(7, 'tool');
  database.close();
});

it.each([
  ['question', [part('tool_call', { id: 'q', name: 'question', input: '{}', finished: true })], 'question'],
  [
    'a call that is still written',
    [part('tool_call', { id: 'q', name: 'bash', finished: false })],
    'working',
  ],
  ['stopped by its person', [CALL, part('finish', { reason: 'canceled' })], 'turn_over'],
  ['no login', [part('finish', { reason: 'error', message: 'Unauthorized', details: '401' })], 'auth'],
  ['no quota', [part('finish', { reason: 'error', message: 'Too Many Requests' })], 'limit'],
] as const)('Crush, %s', (_, parts, phase) => {
  expect(readCrushMessages([{ role: 'assistant', parts }])?.entry.phase).toBe(phase);
});

it('Crush: its programs are tools, what serves it is none', () => {
  expect(crush.isTool?.(['sleep', '5'])).toBe(true);
  expect(crush.isTool?.(['/usr/bin/gopls', 'serve'])).toBe(false);
  expect(crush.isTool?.(['typescript-language-server', '--stdio'])).toBe(false);
});

const STARTED =
  '\n# aider chat started at 2026-11-29 05:00:00\n\n> Aider v0.86.2  \n> Main model: lab  \n> Git repo: .git with 3 files  \n';
const PROMPT = '\n#### make it faster  \n';
const ANSWER = '\nI make it faster.\n\n> a quotation of the model\n\n#### and a heading\n\n';
const TOKENS = '> Tokens: 2.1k sent, 34 received.  \n';
const YES = '> src/fast.ts  \n> Create new file? (Y)es/(N)o [Yes]: y  \n';

it.each<[string, string, TranscriptPhase]>([
  ['started', STARTED, 'turn_over'],
  ['prompted', STARTED + PROMPT, 'working'],
  ['an address in the prompt', `${STARTED + PROMPT}> https://example.org  \n`, 'tool'],
  ['answered', STARTED + PROMPT + ANSWER, 'working'],
  ['the turn is over', STARTED + PROMPT + ANSWER + TOKENS, 'turn_over'],
  ['asks whether it may make a file', `${STARTED + PROMPT + ANSWER + TOKENS}> src/fast.ts  \n`, 'tool'],
  ['was allowed to', STARTED + PROMPT + ANSWER + TOKENS + YES, 'working'],
  [
    'edited',
    `${STARTED + PROMPT + ANSWER + TOKENS + YES}> Applied edit to src/fast.ts  \n> Commit 1a2b3c4 feat: faster  \n> You can use /undo to undo and discard each aider commit.  \n`,
    'working',
  ],
  [
    'was not',
    `${STARTED + PROMPT + ANSWER + TOKENS}> make  \n> Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: n  \n`,
    'turn_over',
  ],
  [
    'tries again',
    `${STARTED + PROMPT}> litellm.InternalServerError: overloaded  \n> Retrying in 0.2 seconds...  \n`,
    'retrying',
  ],
  [
    'no login',
    `${STARTED + PROMPT}> litellm.AuthenticationError: AuthenticationError: 401  \n> The API provider is not able to authenticate you. Check your API key.  \n`,
    'auth',
  ],
  [
    'a command of its own',
    `${STARTED}\n#### /add src/fast.ts  \n> Added src/fast.ts to the chat  \n`,
    'turn_over',
  ],
  ['an earlier chat that asked', `${STARTED + PROMPT + TOKENS}> make  \n${STARTED}`, 'turn_over'],
])('aider, %s', (_, chat, phase) => {
  expect(readAiderHistory(chat)?.phase).toBe(phase);
});

it('aider: a line that asks thousands of times takes no longer than one that does not', () => {
  const timeOf = (words: string) => {
    const begin_ms = performance.now();
    readAiderHistory(`${STARTED + PROMPT}> ${words}\n`);
    return performance.now() - begin_ms;
  };
  const plain_ms = Math.min(...[1, 2, 3].map(() => timeOf('Run it, please '.repeat(4_000))));
  const asking_ms = Math.min(...[1, 2, 3].map(() => timeOf('(Y)es/(N)o, then'.repeat(4_000))));
  expect(asking_ms).toBeLessThan(20 * (plain_ms + 1));
});

it('aider: the chat of the project it was started in, not an earlier one; two in one project tell of neither', async () => {
  const file = join(home, '.aider.chat.history.md');
  writeFileSync(file, `${STARTED + PROMPT}> make  \n`);
  utimesSync(file, 1, 1);
  const below = join(home, 'src');
  mkdirSync(below);
  session(aider, 1, below);
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(seen).toEqual([]);
  appendFileSync(file, STARTED + PROMPT);
  await says(1, 'working');
  session(aider, 2, home);
  await vi.waitFor(() => expect(lastOf(2)).toBeUndefined(), { timeout: 5_000 });
  await new Promise(resolve => setTimeout(resolve, 1_500));
  const told = seen.length;
  appendFileSync(file, ANSWER + TOKENS);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(seen).toHaveLength(told);
});
