import { describe, expect, it } from 'vitest';
import { parseOsc, plainTitle } from '../../../src/agents/osc.js';
import { parseClaudeRegistry } from '../../../src/agents/types/claude-code/registry.js';
import { readClaudeTranscript } from '../../../src/agents/types/claude-code/transcript.js';
import { readCodexRollout, readRolloutMeta } from '../../../src/agents/types/codex/rollout.js';
import { AGENT_TYPES } from '../../../src/agents/types/index.js';

const AT = '2026-11-20T12:00:00.000Z';
const lines = (...objects: unknown[]) => objects.map(object => `${JSON.stringify(object)}\n`).join('');

describe('OSC sequences', () => {
  it('are read one after the other from the start of a write', () => {
    expect(parseOsc('\x1b]0;⠂ shop\x07\x1b]7501;state=working:app=codex\x1b\\text')).toEqual([
      { code: 0, payload: '⠂ shop', complete: true },
      { code: 7501, payload: 'state=working:app=codex', complete: true },
    ]);
  });

  it('are known to be cut, and are never searched for in what follows', () => {
    expect(parseOsc('\x1b]0;a very long ti')).toEqual([
      { code: 0, payload: 'a very long ti', complete: false },
    ]);
    expect(parseOsc('hello \x1b]0;x\x07')).toEqual([]);
    expect(parseOsc('\x1b]zz;x\x07')).toEqual([]);
  });

  it('give a title without its decoration', () => {
    const plain = (type: string, title: string) =>
      (AGENT_TYPES.find(({ name }) => name === type)?.plainTitle ?? plainTitle)(title);
    expect(['⠂ Fix it', '✳ Fix it', 'Fix it'].map(title => plain('claude-code', title))).toEqual(
      Array(3).fill('Fix it'),
    );
    expect(plain('codex', '[ ! ] Action Required | Fix it')).toBe('Fix it');
    expect(plain('gemini-cli', '✦  Reading the cart (shop)   ')).toBe('Reading the cart (shop)');
    const states = ['◇  Ready (shop)  ', '✋  Action Required (shop)'];
    expect(states.map(title => plain('gemini-cli', title))).toEqual(['', '']);
  });
});

describe('Claude’s session file', () => {
  it('is read as 2.1.197 writes it', () => {
    const text =
      '{"pid":9781,"sessionId":"s-1","cwd":"/home/u/shop","startedAt":1,"procStart":"94839","version":"2.1.197","kind":"interactive","status":"waiting","waitingFor":"permission prompt","updatedAt":2,"statusUpdatedAt":3}';
    expect(parseClaudeRegistry(text, 9781)).toEqual({
      status: 'waiting',
      waiting_for: 'permission prompt',
      start_ticks: 94839,
      session_id: 's-1',
      cwd: '/home/u/shop',
      updated_ms: 3,
    });
  });

  it('has no status at first, and one that is not known is none', () => {
    expect(parseClaudeRegistry('{"pid":1}', 1)?.status).toBeNull();
    expect(parseClaudeRegistry('{"pid":1,"status":"pondering"}', 1)?.status).toBeNull();
  });

  it.each(['', '{', 'null', '[1]', '{"pid":"1"}', '{"pid":2,"status":"busy"}', '{"pid":1,"status":5}'])(
    'is ignored when it is %j',
    text => {
      expect(parseClaudeRegistry(text, 1)).toBeNull();
    },
  );
});

const prompt = { type: 'user', timestamp: AT, sessionId: 's-1', message: { role: 'user', content: 'do it' } };
const use = (id: string, name: string, input: unknown) => ({
  type: 'assistant',
  timestamp: AT,
  message: { content: [{ type: 'tool_use', id, name, input }], stop_reason: 'tool_use' },
});
const result = (id: string) => ({
  type: 'user',
  timestamp: AT,
  message: { content: [{ type: 'tool_result', tool_use_id: id }] },
});
const says = (text: string, stop_reason: string | null) => ({
  type: 'assistant',
  timestamp: AT,
  message: { content: [{ type: 'text', text }], stop_reason },
});
const over = { type: 'system', subtype: 'turn_duration', durationMs: 5, timestamp: AT };

describe('Claude’s transcript', () => {
  const phase = (...objects: unknown[]) => readClaudeTranscript(lines(...objects))?.phase;

  it('tells where the turn is', () => {
    expect(phase(prompt)).toBe('working');
    expect(phase(prompt, use('t1', 'Bash', { command: 'npm test' }))).toBe('tool');
    expect(phase(prompt, use('t1', 'Bash', {}), result('t1'))).toBe('working');
    expect(phase(prompt, use('t1', 'Read', {}), use('t2', 'Read', {}), result('t1'))).toBe('tool');
    expect(phase(prompt, use('t1', 'AskUserQuestion', {}))).toBe('question');
    expect(phase(prompt, says('done', 'end_turn'))).toBe('turn_over');
    expect(phase(prompt, says('wait', null))).toBe('working');
    expect(phase(prompt, over, { type: 'last-prompt' })).toBe('turn_over');
    expect(
      phase(prompt, use('t1', 'Bash', {}), {
        type: 'user',
        timestamp: AT,
        message: { content: [{ type: 'text', text: '[Request interrupted by user]' }] },
      }),
    ).toBe('turn_over');
  });

  const failed = (words: string, some: object = {}) => ({
    ...says(words, 'stop_sequence'),
    ...{ isApiErrorMessage: true, ...some },
  });
  it.each([
    ['error', failed('API Error: 529 Overloaded')],
    ['auth', failed('Invalid API key · Fix external API key', { error: 'authentication_failed' })],
    ['auth', failed('API Error: 401 … · Please run /login')],
    [
      'limit',
      failed("You've hit your limit · resets 3:34am (UTC)", { error: 'rate_limit', apiErrorStatus: 429 }),
    ],
    ['limit', failed('Claude AI usage limit reached|1795923240')],
    ['limit', failed('Credit balance is too low', { error: 'billing_error' })],
  ])('tells that the turn ended in %s: %#', (how, line) => {
    expect(phase(prompt, line)).toBe(how);
    expect(phase(prompt, line, over)).toBe(how);
    expect(phase(prompt, line, over, prompt)).toBe('working');
  });

  it('tells when the quota is there again', () => {
    const resets = (words: string) => {
      const line = { ...failed(words, { error: 'rate_limit' }), timestamp: '2026-11-29T02:04:47.992Z' };
      const at_ms = readClaudeTranscript(lines(prompt, line))?.resets_at_ms;
      return at_ms == null ? at_ms : new Date(at_ms).toISOString();
    };
    expect(resets("You've hit your limit · resets 3:34am (UTC)")).toBe('2026-11-29T03:34:00.000Z');
    expect(resets("You've hit your limit · resets 2am (UTC)")).toBe('2026-11-30T02:00:00.000Z');
    expect(resets('limit reached ∙ resets 12:30pm (America/New_York)')).toBe('2026-11-29T17:30:00.000Z');
    expect(resets("You've hit your weekly limit · resets Dec 3, 5pm (Europe/Berlin)")).toBe(
      '2026-12-03T16:00:00.000Z',
    );
    expect(resets('Claude AI usage limit reached|1795923240')).toBe('2026-11-29T03:34:00.000Z');
    expect(resets('usage limit reached')).toBeNull();
  });

  it('tells that it tries again, where each attempt is written down', () => {
    const request = (s: number) => ({
      ...{ type: 'api-request', querySource: 'repl_main_thread' },
      timestamp: `2026-11-29T02:09:${s}.000Z`,
    });
    expect(phase(prompt, request(19))).toBe('working');
    expect(phase(prompt, request(19), request(22))).toBe('retrying');
    expect(phase(prompt, request(19), says('a', null), request(22))).toBe('working');
    const retry = { type: 'system', subtype: 'api_error', retryAttempt: 2, retryInMs: 1000, timestamp: AT };
    expect(phase(prompt, retry)).toBe('retrying');
    expect(readClaudeTranscript(lines(prompt, request(19), request(22)))?.resets_at_ms).toBe(
      Date.parse('2026-11-29T02:09:28Z'),
    );
  });

  it('tells that it goes on by itself: a sub-agent runs on, or a prompt is queued', () => {
    const entry = (...objects: unknown[]) => readClaudeTranscript(lines(prompt, ...objects));
    const queue = (operation: string) => ({ type: 'queue-operation', operation, timestamp: AT });
    expect(entry({ ...over, pendingBackgroundAgentCount: 1 })).toMatchObject({
      phase: 'turn_over',
      goes_on: true,
    });
    expect(entry({ ...over, pendingBackgroundAgentCount: 1 }, prompt, over)).not.toHaveProperty('goes_on');
    expect(entry(queue('enqueue'), over)).toMatchObject({ phase: 'turn_over', goes_on: true });
    expect(entry(queue('enqueue'), over, queue('dequeue'))).not.toHaveProperty('goes_on');
  });

  it('takes what a command of its own prints for no turn', () => {
    const command = { ...prompt, message: { content: '<command-name>/model</command-name>' } };
    expect(phase(prompt, over, command)).toBe('turn_over');
  });

  it('says what it asks for, and ignores subagents', () => {
    const side = { ...use('t9', 'Bash', { command: 'x' }), isSidechain: true };
    const entry = readClaudeTranscript(lines(prompt, use('t1', 'Bash', { command: 'npm test' }), side));
    expect(entry).toMatchObject({
      phase: 'tool',
      detail: 'Bash: npm test',
      session_id: 's-1',
      at_ms: Date.parse(AT),
    });
  });

  it('survives being cut at both ends, and garbage', () => {
    const text = lines(prompt, use('t1', 'Bash', { command: 'a' }), over);
    expect(readClaudeTranscript(text.slice(20))?.phase).toBe('turn_over');
    expect(readClaudeTranscript(text.slice(0, -5))?.phase).toBe('tool');
    expect(
      readClaudeTranscript('\0\0{"type":"user"}\n{"type":"assistant","message":null}\nnull\n'),
    ).toBeNull();
  });
});

describe('Codex’s rollout', () => {
  const event = (type: string, more = {}) => ({
    timestamp: AT,
    type: 'event_msg',
    payload: { type, ...more },
  });
  const call = (id: string, args: unknown) => ({
    timestamp: AT,
    type: 'response_item',
    payload: { type: 'function_call', call_id: id, name: 'exec_command', arguments: JSON.stringify(args) },
  });
  const output = (id: string) => ({
    timestamp: AT,
    type: 'response_item',
    payload: { type: 'function_call_output', call_id: id },
  });
  const phase = (...objects: unknown[]) => readCodexRollout(lines(...objects))?.phase;

  it('tells where the turn is', () => {
    expect(phase(event('task_started'))).toBe('working');
    expect(phase(event('task_started'), call('c1', { cmd: 'ls' }))).toBe('tool');
    expect(phase(event('task_started'), call('c1', {}), output('c1'))).toBe('working');
    expect(phase(event('task_started'), event('task_complete'))).toBe('turn_over');
    expect(phase(event('task_started'), call('c1', {}), event('turn_aborted'))).toBe('turn_over');
    const ended = (info: unknown, message = '') => ({
      ...{ timestamp: AT, type: 'event_msg' },
      payload: { type: 'task_complete', error: { message, codex_error_info: info } },
    });
    expect(phase(event('task_started'), ended('usage_limit_exceeded'))).toBe('limit');
    expect(phase(event('task_started'), ended({ http_connection_failed: { http_status_code: 401 } }))).toBe(
      'auth',
    );
    expect(phase(event('task_started'), ended({ http_connection_failed: { http_status_code: 529 } }))).toBe(
      'error',
    );
    const tooMany = { response_too_many_failed_attempts: { http_status_code: 429 } };
    expect(phase(event('task_started'), ended(tooMany))).toBe('limit');
    const rate_limits = { primary: { used_percent: 100, window_minutes: 300, resets_at: 1_795_923_635 } };
    const count = { timestamp: AT, type: 'event_msg', payload: { type: 'token_count', rate_limits } };
    expect(
      readCodexRollout(lines(event('task_started'), count, ended('usage_limit_exceeded'))),
    ).toMatchObject({
      ...{ phase: 'limit', resets_at_ms: 1_795_923_635_000 },
    });
    expect(phase({ timestamp: AT, type: 'session_meta', payload: {} })).toBeUndefined();
    expect(readCodexRollout(lines(event('task_started'), call('c1', { cmd: ['npm', 'test'] })))?.detail).toBe(
      'exec_command: npm test',
    );
  });

  it('says which session it is, also when its first line was cut', () => {
    const meta = {
      timestamp: AT,
      type: 'session_meta',
      payload: { id: 'u-1', timestamp: AT, cwd: '/home/u/"shop"', base_instructions: 'x'.repeat(9000) },
    };
    const wanted = { session_id: 'u-1', cwd: '/home/u/"shop"', started_ms: Date.parse(AT) };
    expect(readRolloutMeta(lines(meta))).toEqual(wanted);
    expect(readRolloutMeta(lines(meta).slice(0, 8000))).toEqual(wanted);
    expect(readRolloutMeta('garbage')).toBeNull();
  });
});
