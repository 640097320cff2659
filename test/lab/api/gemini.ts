import { parts } from './anthropic.js';
import type { Step } from './script.js';
import type { SseItem } from './server.js';
import { callFor, type OfferedTool } from './tools.js';

type Body = Record<string, unknown>;

/** The chunks of one answer of the Gemini API (`:streamGenerateContent?alt=sse`). */
export function* geminiEvents(step: Step, body: Body): Generator<SseItem> {
  const text = step.do === 'error' ? '' : (step.text ?? '');
  for (const part of parts(step, text)) {
    if (typeof part === 'number') yield { pause_ms: part };
    else yield chunk({ text: part }, false);
  }
  if (step.do === 'tool') {
    const { name, input } = callFor(step, geminiTools(body));
    yield chunk({ functionCall: { name, args: input } }, true);
  } else yield chunk({ text: '' }, true);
}

function chunk(part: Body, last: boolean): SseItem {
  const candidate = { content: { role: 'model', parts: [part] }, index: 0 };
  const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120 };
  const data = { candidates: [last ? { ...candidate, finishReason: 'STOP' } : candidate], usageMetadata };
  return { event: '', data };
}

/** A whole answer at once: side calls such as the choice of a model want JSON that fits their schema. */
export function plainGemini(body: Body): Body {
  const config = (body.generationConfig ?? {}) as Body;
  const schema = (config.responseJsonSchema ?? config.responseSchema) as Body | undefined;
  const text = schema === undefined ? 'Lab' : JSON.stringify(fitting(schema));
  return (chunk({ text }, true) as { data: Body }).data;
}

function fitting(schema: Body): unknown {
  const type = String(schema.type).toLowerCase();
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (type === 'object') {
    const properties = (schema.properties ?? {}) as Record<string, Body>;
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, fitting(one)]));
  }
  if (type === 'array') return [];
  if (type === 'boolean') return false;
  return type === 'number' || type === 'integer' ? 1 : 'Lab';
}

export function geminiTools(body: Body): OfferedTool[] {
  const tools = (body.tools ?? []) as { functionDeclarations?: Body[] }[];
  return tools
    .flatMap(({ functionDeclarations = [] }) => functionDeclarations)
    .map(one => ({
      name: String(one.name),
      parameters: (one.parametersJsonSchema ?? one.parameters ?? {}) as Body,
    }));
}
