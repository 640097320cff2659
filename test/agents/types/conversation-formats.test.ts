import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { refusal } from '../../../src/agents/transcripts/failures.js';
import { readClineHead, readClineSession } from '../../../src/agents/types/cline/session.js';
import { readContinueHead, readContinueSession } from '../../../src/agents/types/continue.js';
import { readKimiState, readKimiWire } from '../../../src/agents/types/kimi/wire.js';
import { readPiHead, readPiSession } from '../../../src/agents/types/pi.js';
import { readQwenChat, readQwenHead } from '../../../src/agents/types/qwen-code/chat.js';
import type { TranscriptEntry } from '../../../src/model/observation.js';

/** Files that the real agents wrote, of the version that stands in their name. */
const real = (name: string) =>
  readFileSync(new URL(`../../fixtures/conversations/${name}`, import.meta.url), 'utf8');

/** What is said as the file grows line by line, each phase once. */
function phasesOf(file: string, read: (tail: string) => TranscriptEntry | null): string[] {
  const lines = real(file).trimEnd().split('\n');
  const phases = lines.map((_, i) => read(`${lines.slice(0, i + 1).join('\n')}\n`)?.phase ?? 'nothing');
  return phases.filter((phase, i) => phase !== phases[i - 1]);
}

it('Kimi Code: approval, question, each turn’s end, and that the API refuses for now', () => {
  expect(phasesOf('kimi-2.1.0-wire.jsonl', readKimiWire)).toEqual([
    ...['nothing', 'working', 'turn_over', 'working', 'approval', 'working', 'turn_over'],
    ...['working', 'question', 'working', 'turn_over'],
    ...['working', 'retrying', 'working', 'retrying', 'working', 'retrying', 'working', 'turn_over'],
  ]);
  expect(readKimiState(real('kimi-2.1.0-state.json'))).toMatchObject({ cwd: '/home/dev/project', pid: null });
  expect(readKimiState('{"id":"ses')).toBe('later');
});

it('Kimi Code says what it asks for', () => {
  const lines = real('kimi-2.1.0-wire.jsonl').split('\n');
  const asked = (kind: string) => lines.findIndex(line => line.includes(`"kind":"${kind}"`));
  const at = (i: number) => readKimiWire(lines.slice(0, i + 1).join('\n'))?.detail;
  expect(at(asked('approval'))).toContain('Bash');
  expect(at(asked('question'))).toContain('Which colour?');
});

it('pi: it works, tries again while the API refuses, and is refused for good', () => {
  expect(phasesOf('pi-0.74.2-session.jsonl', readPiSession)).toEqual([
    ...['nothing', 'working', 'turn_over', 'working', 'turn_over', 'working', 'turn_over'],
    ...['working', 'retrying', 'turn_over', 'working', 'auth'],
  ]);
  expect(readPiHead(real('pi-0.74.2-session.jsonl'))).toMatchObject({ cwd: '/home/dev/project' });
  expect(readPiHead('{"type":"something else"}\n')).toBe('never');
});

it('pi: after the last try the quota is used up', () => {
  const failed = {
    type: 'message',
    message: { role: 'assistant', content: [], stopReason: 'error', errorMessage: '429 slow down' },
  };
  const times = (n: number) => readPiSession(`${JSON.stringify(failed)}\n`.repeat(n))?.phase;
  expect([times(1), times(3), times(4)]).toEqual(['retrying', 'retrying', 'limit']);
});

it.each([
  ['done', 'turn_over'],
  ['approval', 'approval'],
  ['running', 'working'],
  ['question', 'question'],
  ['err401', 'error'],
])('Cline, %s: %s', (name, phase) => {
  const file = real(`cline-3.0.65-${name}.json`);
  expect(readClineSession(file, real(`cline-3.0.65-${name}.messages.json`))?.phase).toBe(phase);
  expect(readClineHead(file)).toMatchObject({ cwd: '/home/dev/project', pid: 32028 });
});

it('Cline: an answered question is none, also where a message quotes a call', () => {
  const file = real('cline-3.0.65-question.json');
  const call = '"type": "tool_use",\n"id": "a",\n"name": "ask_question"';
  const quoted = `"text": ${JSON.stringify(call)}`;
  expect(readClineSession(file, `${call} "tool_use_id": "a"`)?.phase).toBe('working');
  expect(readClineSession(file, `"role": "user" ${quoted}`)?.phase).toBe('working');
});

it.each([
  ['approval', 'approval', 'Bash'],
  ['running', 'working', 'Bash'],
  ['question', 'question', 'AskQuestion'],
  ['error', 'working', null], // it writes nothing of the failure: its spinner ends
])('Continue, %s: %s', (name, phase, detail) => {
  expect(readContinueSession(real(`continue-1.5.47-${name}.json`))).toMatchObject({ phase, detail });
  expect(readContinueHead(real(`continue-1.5.47-${name}.json`))).toMatchObject({ cwd: '/home/dev/project' });
});

it('Continue: a whole answer ends the turn, and no message can speak for the file', () => {
  const file = real('continue-1.5.47-error.json');
  const untilAnswer = file.slice(0, file.lastIndexOf('"role": "user"'));
  expect(readContinueSession(untilAnswer)?.phase).toBe('turn_over');
  const forged = untilAnswer.replace('After all.', '\\"role\\": \\"user\\" \\"status\\": \\"generated\\"');
  expect(forged).not.toBe(untilAnswer);
  expect(readContinueSession(forged)?.phase).toBe('turn_over');
});

it.each([
  ['429 the lab refuses', null, 'limit'],
  ['the lab refuses', 401, 'auth'],
  ['You have run out of credits: insufficient_credits', null, 'limit'],
  ['Overloaded', 529, 'error'],
  ['', null, 'error'],
])('a refusal that says %j (%s): %s', (message, status, phase) => {
  expect(refusal(message, status).phase).toBe(phase);
});

it('Qwen Code: a call that is open runs or asks, and its question is one', () => {
  const line = (type: string, ...parts: object[]) =>
    `${JSON.stringify({ type, cwd: '/home/dev', timestamp: '2026-11-29T03:11:13.775Z', message: { parts } })}\n`;
  const call = (name: string) =>
    line('assistant', { text: 'I do.' }, { functionCall: { id: name, name, args: {} } });
  const result = (id: string) => line('tool_result', { functionResponse: { id } });
  const said = (...lines: string[]) => readQwenChat(lines.join(''))?.phase;
  const user = line('user', { text: 'hello' });
  expect(said(user)).toBe('working');
  expect(said(user, line('assistant', { text: 'Hello.' }))).toBe('turn_over');
  expect(said(user, call('run_shell_command'))).toBe('tool');
  expect(said(user, call('run_shell_command'), result('run_shell_command'))).toBe('working');
  expect(said(user, call('ask_user_question'))).toBe('question');
  expect(said(user, call('ask_user_question'), line('system'), user)).toBe('working');
});

it('Qwen Code: whose a conversation is, with and without a file that names the process', () => {
  const runtime = {
    schema_version: 1,
    pid: 30533,
    work_dir: '/home/dev/project',
    started_at: 1795921455.366,
  };
  const named = { cwd: '/home/dev/project', began_ms: 1795921455366, pid: 30533 };
  expect(readQwenHead(JSON.stringify(runtime), '/c/a.runtime.json')).toEqual(named);
  expect(readQwenHead('{"pid": 3', '/c/a.runtime.json')).toBe('later');
  const first = '{"type":"user","cwd":"/home/dev/project","timestamp":"2026-11-29T03:11:13.775Z"}\n';
  expect(readQwenHead(first, '/c/a.jsonl')).toMatchObject({ cwd: '/home/dev/project', pid: null });
});
