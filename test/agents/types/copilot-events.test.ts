import { describe, expect, it } from 'vitest';
import { readCopilotEvents } from '../../../src/agents/types/copilot-cli/events.js';
import { Story } from '../story.js';

/** As Copilot CLI 1.0.102 wrote them, without what is not read. */
const PROMPT = { type: 'user.message', data: { content: 'run it' } };
const START = { type: 'assistant.turn_start', data: { turnId: '0' } };
const END = { type: 'assistant.turn_end', data: { turnId: '0' } };
const call = (toolName: string, args: object = {}) => ({
  type: 'tool.execution_start',
  data: { toolCallId: 'call_1', toolName, arguments: args, turnId: '0' },
});
const RESULT = { type: 'tool.execution_complete', data: { toolCallId: 'call_1', success: true } };
const ASKS = { type: 'permission.requested', data: { requestId: 'e8af3a46' } };
const ANSWERED = { type: 'permission.completed', data: { requestId: 'e8af3a46', toolCallId: 'call_1' } };
const ABORT = { type: 'abort', data: { reason: 'user_initiated' } };
const BASH = call('bash', { command: 'npm test' });

const read = (...events: object[]) =>
  readCopilotEvents(
    events.map(event => `${JSON.stringify({ ...event, timestamp: '2026-11-20T19:43:39.218Z' })}\n`).join(''),
  );

describe('the log of a Copilot conversation', () => {
  it.each([
    ['a prompt', [PROMPT], 'working'],
    ['an answer', [PROMPT, START], 'working'],
    ['an answer that is over', [PROMPT, START, END], 'turn_over'],
    ['a request for permission', [PROMPT, START, BASH, ASKS], 'approval'],
    ['a tool that was permitted', [PROMPT, START, BASH, ASKS, ANSWERED], 'working'],
    ['its result', [PROMPT, START, BASH, ASKS, ANSWERED, RESULT], 'working'],
    ['the model, asked again', [PROMPT, START, BASH, ASKS, ANSWERED, RESULT, END], 'working'],
    ['the end of it all', [PROMPT, START, BASH, RESULT, END, START, END], 'turn_over'],
    ['a question', [PROMPT, START, call('ask_user', { message: 'Which?' })], 'question'],
    ['a request that was refused', [PROMPT, START, BASH, ASKS, ANSWERED, END, ABORT], 'turn_over'],
    ['an error of the API', [PROMPT, START, END, { type: 'session.error', data: {} }], 'turn_over'],
  ])('tells %s', (_what, events, phase) => {
    expect(read(...events)?.phase).toBe(phase);
  });

  it('tells what it asks for, and when', () => {
    const entry = read(PROMPT, START, BASH, ASKS);
    expect(entry).toMatchObject({ detail: 'bash: npm test', at_ms: Date.parse('2026-11-20T19:43:39.218Z') });
  });

  it('says nothing where it says nothing of a turn, or is no log', () => {
    expect(read({ type: 'session.start', data: {} }, { type: 7 })).toBeNull();
    expect(readCopilotEvents('{"type":"user.mess\n[]\nnull\n')).toBeNull();
    expect(readCopilotEvents('{"type":"permission.requested","data":null}\n')?.phase).toBe('approval');
  });
});

it('decides at once that Copilot asks for permission', () => {
  const story = new Story()
    .process(0, { exe: '/usr/bin/copilot', argv: ['copilot'] })
    .output(1)
    .until(8);
  story.key(10, true).transcript(10.1, 'working').spins(10.2, 12);
  story.transcript(12.1, 'approval', 'bash: npm test').until(20).key(20, true).transcript(20.1, 'working');
  story.spins(20.2, 25).transcript(25, 'turn_over').until(30);
  expect(story.states).toEqual([
    'WAITING input @2.00',
    'WORKING thinking @10.20',
    'WAITING approval @12.10',
    'WORKING thinking @20.20',
    'WAITING done @25.04',
  ]);
});
