import type { Step, ToolStep } from './script.js';
import type { SseItem } from './server.js';

type Body = Record<string, unknown>;
let serial = 0;

/** The conversation is the one that carries tools; titles and quota checks carry none. */
export function isAnthropicMain(body: Body): boolean {
  return Array.isArray(body.tools) && body.tools.length > 0;
}

/** The events of one answer of the Messages API. */
export function* anthropicEvents(step: Step, body: Body): Generator<SseItem> {
  const id = `msg_lab_${++serial}`;
  const usage = { input_tokens: 100, output_tokens: 1 };
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model: body.model ?? 'lab',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  yield { event: 'message_start', data: { type: 'message_start', message } };
  let index = 0;
  const text = step.do === 'error' ? '' : (step.text ?? '');
  if (text) yield* textBlock(step, text, index++);
  if (step.do === 'tool') yield* toolBlock(step, index++);
  const stop_reason = step.do === 'tool' ? 'tool_use' : 'end_turn';
  yield {
    event: 'message_delta',
    data: {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: 20 },
    },
  };
  yield { event: 'message_stop', data: { type: 'message_stop' } };
}

function* textBlock(step: Step, text: string, index: number): Generator<SseItem> {
  const block = { type: 'content_block_start', index, content_block: { type: 'text', text: '' } };
  yield { event: 'content_block_start', data: block };
  for (const part of parts(step, text)) {
    if (typeof part === 'number') yield { pause_ms: part };
    else {
      const data = { type: 'content_block_delta', index, delta: { type: 'text_delta', text: part } };
      yield { event: 'content_block_delta', data };
    }
  }
  yield { event: 'content_block_stop', data: { type: 'content_block_stop', index } };
}

function* toolBlock(step: ToolStep, index: number): Generator<SseItem> {
  const { name, input } = claudeTool(step);
  const content_block = { type: 'tool_use', id: `toolu_lab_${++serial}`, name, input: {} };
  yield { event: 'content_block_start', data: { type: 'content_block_start', index, content_block } };
  const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
  yield { event: 'content_block_delta', data: { type: 'content_block_delta', index, delta } };
  yield { event: 'content_block_stop', data: { type: 'content_block_stop', index } };
}

function claudeTool(step: ToolStep): { name: string; input: Body } {
  const command = step.command ?? 'true';
  switch (step.tool) {
    case 'shell':
      return { name: 'Bash', input: { command, description: 'Lab command', timeout: 300_000 } };
    case 'background_shell':
      return { name: 'Bash', input: { command, description: 'Lab command', run_in_background: true } };
    case 'question': {
      const options = [
        { label: 'Red', description: 'The first' },
        { label: 'Blue', description: 'The second' },
      ];
      const questions = [{ question: 'Which colour?', header: 'Colour', options, multiSelect: false }];
      return { name: 'AskUserQuestion', input: { questions } };
    }
    case 'plan':
      return { name: 'ExitPlanMode', input: { plan: '1. Do it.' } };
    case 'subagent':
      return {
        name: 'Agent',
        input: { description: 'Look around', prompt: command, subagent_type: 'general-purpose' },
      };
  }
}

/** The text in chunks, with the pauses (ms) between them. */
export function* parts(step: Step, text: string): Generator<string | number> {
  const size = step.do === 'text' ? (step.chunk_chars ?? 40) : 40;
  const stall = step.do === 'text' ? step.stall_ms : undefined;
  const count = Math.ceil(text.length / size);
  for (let i = 0; i < count; i++) {
    if (i > 0) yield step.chunk_ms ?? 20;
    if (stall !== undefined && i === Math.floor(count / 2)) yield stall;
    yield text.slice(i * size, (i + 1) * size);
  }
}
