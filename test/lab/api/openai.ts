import { parts } from './anthropic.js';
import type { Step, ToolStep } from './script.js';
import type { SseItem } from './server.js';

type Body = Record<string, unknown>;
let serial = 0;

export function isOpenAiMain(body: Body): boolean {
  return Array.isArray(body.tools) && body.tools.length > 0;
}

/** The events of one answer of the Responses API. */
export function* openAiEvents(step: Step, body: Body): Generator<SseItem> {
  const id = `resp_lab_${++serial}`;
  const model = body.model ?? 'lab';
  const response = { id, object: 'response', model, status: 'in_progress', output: [] };
  yield { event: 'response.created', data: { type: 'response.created', response } };
  const output: Body[] = [];
  const text = step.do === 'error' ? '' : (step.text ?? '');
  if (text) output.push(yield* messageItem(step, text, output.length));
  if (step.do === 'tool') output.push(yield* callItem(step, output.length));
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 120,
  };
  const done = { ...response, status: 'completed', output, usage };
  yield { event: 'response.completed', data: { type: 'response.completed', response: done } };
}

function* messageItem(step: Step, text: string, output_index: number): Generator<SseItem, Body> {
  const id = `msg_lab_${++serial}`;
  const item = { id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  yield {
    event: 'response.output_item.added',
    data: { type: 'response.output_item.added', output_index, item },
  };
  for (const part of parts(step, text)) {
    if (typeof part === 'number') yield { pause_ms: part };
    else {
      const data = {
        type: 'response.output_text.delta',
        item_id: id,
        output_index,
        content_index: 0,
        delta: part,
      };
      yield { event: 'response.output_text.delta', data };
    }
  }
  const whole = { ...item, status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] };
  yield {
    event: 'response.output_item.done',
    data: { type: 'response.output_item.done', output_index, item: whole },
  };
  return whole;
}

function* callItem(step: ToolStep, output_index: number): Generator<SseItem, Body> {
  const { name, input } = codexTool(step);
  const item = {
    id: `fc_lab_${++serial}`,
    type: 'function_call',
    call_id: `call_lab_${serial}`,
    name,
    arguments: JSON.stringify(input),
    status: 'completed',
  };
  yield {
    event: 'response.output_item.added',
    data: { type: 'response.output_item.added', output_index, item: { ...item, arguments: '' } },
  };
  yield {
    event: 'response.output_item.done',
    data: { type: 'response.output_item.done', output_index, item },
  };
  return item;
}

function codexTool(step: ToolStep): { name: string; input: Body } {
  const cmd = step.command ?? 'true';
  switch (step.tool) {
    case 'shell': {
      const ask = { sandbox_permissions: 'require_escalated', justification: 'May the lab run this?' };
      return { name: 'exec_command', input: { cmd, yield_time_ms: 60_000, ...(step.ask ? ask : {}) } };
    }
    case 'background_shell':
      return { name: 'exec_command', input: { cmd, yield_time_ms: 1_000 } };
    default:
      throw new Error(`codex has no ${step.tool} in this lab`);
  }
}
