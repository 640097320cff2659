import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentType } from '../../../src/agents/agent-type.js';
import type { AgentFileReader } from '../../../src/agents/transcripts/reader.js';
import { codex } from '../../../src/agents/types/codex/index.js';
import { geminiCli } from '../../../src/agents/types/gemini-cli/index.js';
import { opencode } from '../../../src/agents/types/opencode/index.js';
import { pi } from '../../../src/agents/types/pi.js';
import type { Mode } from '../../../src/model/agent.js';
import type { Observation, TranscriptObservation } from '../../../src/model/observation.js';

/** A process that an editor drives, and all conversations that it holds. */

const uid = process.getuid!();
let home: string;
let open: AgentFileReader[];
let seen: Observation[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-served-'));
  open = [];
  seen = [];
});
afterEach(() => {
  for (const reader of open) reader.close();
  rmSync(home, { recursive: true });
});

function session(
  type: AgentType,
  pid: number,
  mode: Mode,
  cwd = '/work',
  started_ms = Date.now() - 1_000,
): void {
  const reader = type.files!.open({
    session: { pid, uid, cwd, start_ticks: pid, started_ms, session_id: null, mode },
    folder: home,
    emit: observation => seen.push(observation),
    clock: { now: () => Date.now(), wallTime: time_ms => time_ms },
    log: () => {},
  });
  open.push(reader);
  reader.start();
}

/** `shop /work/shop working`: what was said last of each conversation of that process. */
function said(pid: number): string[] {
  const last = new Map<string, string>();
  for (const one of seen.filter(
    (o): o is TranscriptObservation => o.type === 'transcript' && o.pid === pid,
  )) {
    const { id = '-', cwd = '-' } = one.conversation ?? {};
    last.set(id, `${id} ${cwd} ${one.entry?.phase ?? 'gone'}`);
  }
  return [...last.values()].sort();
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

function put(path: string, ...lines: object[]): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

const now = () => new Date().toISOString();

/** As Codex 0.169 writes it. */
function rollout(id: string, cwd: string, source: string): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = new Date();
  const day = `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
  const payload = { id, timestamp: now(), cwd, originator: 'code', cli_version: '0.169.0', source };
  return put(`sessions/${day}/rollout-${id}.jsonl`, { timestamp: now(), type: 'session_meta', payload });
}

function event(file: string, type: string): void {
  put(file.slice(home.length + 1), { timestamp: now(), type: 'event_msg', payload: { type } });
}

it('Codex: each thread of an app-server is a conversation, until it is archived', async () => {
  session(codex, 100, 'conversation');
  const shop = rollout('shop', '/work/shop', 'vscode');
  const site = rollout('site', '/work/site', 'vscode');
  event(shop, 'task_started');
  event(site, 'task_started');
  event(site, 'task_complete');
  await until(() => expect(said(100)).toEqual(['shop /work/shop working', 'site /work/site turn_over']));
  event(site, 'task_started');
  await until(() => expect(said(100)).toEqual(['shop /work/shop working', 'site /work/site working']));
  mkdirSync(join(home, 'archived_sessions'));
  renameSync(site, join(home, 'archived_sessions/site.jsonl'));
  await until(() => expect(said(100)).toEqual(['shop /work/shop working', 'site /work/site gone']));
});

it('Codex: what an editor drives is not the terminal’s in the same folder, and the other way round', async () => {
  session(codex, 100, 'conversation', '/work/shop');
  session(codex, 200, 'terminal', '/work/shop');
  event(rollout('threads', '/work/shop', 'vscode'), 'task_started');
  event(rollout('tui', '/work/shop', 'cli'), 'task_started');
  await until(() => expect(said(100)).toEqual(['threads /work/shop working']));
  await until(() => expect(said(200)).toEqual(['- - working']));
});

it('of two servers the one in whose folder it is has a conversation', async () => {
  session(codex, 100, 'conversation', '/work/shop');
  session(codex, 200, 'conversation', '/work/site');
  event(rollout('a', '/work/shop/deep', 'vscode'), 'task_started');
  event(rollout('b', '/work/site', 'vscode'), 'task_started');
  await until(() =>
    expect([said(100), said(200)]).toEqual([['a /work/shop/deep working'], ['b /work/site working']]),
  );
});

it('Gemini CLI: a conversation is one from its first prompt on, in the folder of its project', async () => {
  const chat = (name: string) => `tmp/${name}/chats/session-2026-11-29T05-45-${name}.jsonl`;
  session(geminiCli, 100, 'conversation');
  for (const name of ['first', 'second']) {
    put(chat(name), { sessionId: name, startTime: now(), kind: 'main' }, { $set: { messages: [] } });
    writeFileSync(join(home, `tmp/${name}/.project_root`), `/work/${name}`);
  }
  const message = (type: string, more: object) => ({ id: 'm', timestamp: now(), type, ...more });
  put(chat('first'), message('user', { content: [{ text: 'hi' }] }));
  await until(() => expect(said(100)).toEqual(['first /work/first working']));
  put(chat('first'), message('gemini', { content: '', thoughts: [] }));
  await until(() => expect(said(100)).toEqual(['first /work/first tool']));
  put(
    chat('first'),
    message('gemini', { content: '', toolCalls: [{ name: 'run_shell_command', result: [] }] }),
  );
  put(chat('second'), message('user', { content: [{ text: 'hi' }] }));
  await until(() => expect(said(100)).toEqual(['first /work/first working', 'second /work/second working']));
  put(chat('first'), message('gemini', { content: 'Done.' }));
  await until(() => expect(said(100)[0]).toBe('first /work/first turn_over'));
});

it('opencode: each session of a server is a conversation, until it is deleted or archived', async () => {
  const database = new Sqlite(join(home, 'opencode.db'));
  database.pragma('journal_mode = WAL');
  database.exec(`
    CREATE TABLE session (id TEXT, parent_id TEXT, directory TEXT, time_created INT, time_updated INT, time_archived INT);
    CREATE TABLE message (id TEXT, session_id TEXT, time_created INT, time_updated INT, data TEXT);
    CREATE TABLE part (id TEXT, message_id TEXT, session_id TEXT, time_created INT, time_updated INT, data TEXT);
  `);
  const begin = (id: string) =>
    database
      .prepare('INSERT INTO session VALUES (?, NULL, ?, ?, ?, NULL)')
      .run(id, `/work/${id}`, Date.now(), Date.now());
  const say = (id: string, data: object) => {
    database
      .prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?)')
      .run(`${id}1`, id, Date.now(), Date.now(), JSON.stringify(data));
    database.prepare('UPDATE session SET time_updated = ? WHERE id = ?').run(Date.now(), id);
  };
  session(opencode, 100, 'conversation');
  for (const id of ['shop', 'site', 'empty']) begin(id);
  say('shop', { role: 'user' });
  say('site', { role: 'assistant', time: { completed: 1 }, finish: 'stop' });
  await until(() => expect(said(100)).toEqual(['shop /work/shop working', 'site /work/site turn_over']));
  database.prepare('DELETE FROM session WHERE id = ?').run('site');
  await until(() => expect(said(100)).toEqual(['shop /work/shop working', 'site /work/site gone']));
  database.prepare('UPDATE session SET time_archived = 1 WHERE id = ?').run('shop');
  await until(() => expect(said(100)).toEqual(['shop /work/shop gone', 'site /work/site gone']));
  database.close();
});

it('a log that is moved away says nothing any more, and the same again when it is back', async () => {
  session(pi, 100, 'terminal');
  const file = put('sessions/--work--/a.jsonl', { type: 'session', cwd: '/work', timestamp: now() });
  put('sessions/--work--/a.jsonl', { type: 'message', timestamp: now(), message: { role: 'user' } });
  await until(() => expect(said(100)).toEqual(['- - working']));
  renameSync(file, `${file}.away`);
  await until(() => expect(said(100)).toEqual(['- - gone']));
  renameSync(`${file}.away`, file);
  await until(() => expect(said(100)).toEqual(['- - working']));
});
