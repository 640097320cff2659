import { parts } from './anthropic.js';
import type { Step } from './script.js';
import type { SseItem } from './server.js';
import { callFor, type OfferedTool } from './tools.js';

type Body = Record<string, unknown>;
let serial = 0;

/** The chunks of one answer of the Chat Completions API, as most agents speak it with any provider. */
export function* chatEvents(step: Step, body: Body): Generator<SseItem> {
  const id = `chatcmpl_lab_${++serial}`;
  const chunk = (delta: Body, finish_reason: string | null = null): SseItem => ({
    event: '',
    data: {
      id,
      object: 'chat.completion.chunk',
      created: Math.floor(Date.now() / 1000),
      model: body.model ?? 'lab',
      choices: [{ index: 0, delta, finish_reason }],
      ...(finish_reason === null ? {} : { usage: USAGE }),
    },
  });
  yield chunk({ role: 'assistant', content: '' });
  const text = step.do === 'error' ? '' : (step.text ?? '');
  for (const part of parts(step, text)) {
    if (typeof part === 'number') yield { pause_ms: part };
    else yield chunk({ content: part });
  }
  if (step.do === 'tool') {
    const { name, input } = callFor(step, toolsOf(body));
    const call = { index: 0, id: `call_lab_${serial}`, type: 'function' };
    yield chunk({ tool_calls: [{ ...call, function: { name, arguments: JSON.stringify(input) } }] });
  }
  yield chunk({}, step.do === 'tool' ? 'tool_calls' : 'stop');
}

const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

function toolsOf(body: Body): OfferedTool[] {
  const tools = (body.tools ?? []) as { function?: { name: string; parameters?: Body } }[];
  return tools.flatMap(({ function: f }) => (f ? [{ name: f.name, parameters: f.parameters ?? {} }] : []));
}

/** The same, not streamed: agents ask so for titles. */
export function plainCompletion(body: Body): Body {
  return {
    id: 'chatcmpl_side',
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: body.model ?? 'lab',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Lab' }, finish_reason: 'stop' }],
    usage: USAGE,
  };
}
