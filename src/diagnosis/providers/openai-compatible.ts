import { z } from 'zod';
import { boundedFetch, retryAfter_ms } from '../../lib/net/bounded-fetch.js';
import { ModelError, statusError } from '../failure.js';
import type { Prompt } from '../prompt.js';
import { answerJsonSchema } from '../schema.js';
import { type AskOptions, MAX_REPLY_BYTES, type Provider, type Reply } from './provider.js';
import { transportError } from './transport.js';

export interface OpenAiCompatibleOptions {
  /** Up to and with the version, e.g. `https://api.groq.com/openai/v1`. */
  base_url: string;
  model: string;
  max_tokens: number;
}

const tokens = z.int().min(0).catch(0);

const replySchema = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
});

/**
 * Any endpoint that speaks OpenAI's chat completions: Groq, Ollama, vLLM, llama.cpp, OpenAI itself. They differ
 * in what they take: what one refuses is left out from then on, and the request is made again.
 */
export class OpenAiCompatibleProvider implements Provider {
  readonly name = 'openai';
  readonly model: string;
  private format: 'json_schema' | 'json_object' | 'none' = 'json_schema';
  private limit: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';

  constructor(private readonly options: OpenAiCompatibleOptions) {
    this.model = options.model;
  }

  async ask(prompt: Prompt, { signal, key, now_ms }: AskOptions): Promise<Reply> {
    let status: number;
    let headers: Headers;
    let text: string;
    try {
      const response = await boundedFetch(MAX_REPLY_BYTES)(`${this.options.base_url}/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === null ? {} : { authorization: `Bearer ${key.value}` }),
        },
        body: JSON.stringify(this.body(prompt)),
        signal,
      });
      ({ status, headers } = response);
      text = await response.text();
    } catch (error) {
      throw transportError(error);
    }
    if (status === 400 || status === 422) this.adapt(text, status);
    if (status < 200 || status > 299) {
      throw statusError(status, retryAfter_ms(headers, now_ms), key?.source ?? 'ai.api_key_env');
    }
    return read(text);
  }

  private body(prompt: Prompt): Record<string, unknown> {
    return {
      model: this.model,
      [this.limit]: this.options.max_tokens,
      messages: [
        { role: 'system', content: prompt.system },
        { role: 'user', content: prompt.user },
      ],
      ...this.responseFormat(),
    };
  }

  private responseFormat(): Record<string, unknown> {
    if (this.format === 'none') return {};
    if (this.format === 'json_object') return { response_format: { type: 'json_object' } };
    const json_schema = { name: 'diagnosis', strict: true, schema: answerJsonSchema() };
    return { response_format: { type: 'json_schema', json_schema } };
  }

  /** Throws a retryable error when there is something to leave out. */
  private adapt(answer: string, status: number): void {
    if (/max_completion_tokens/.test(answer) && this.limit === 'max_tokens') {
      this.limit = 'max_completion_tokens';
    } else if (
      /response_format|json_schema|json_object|schema|structured/i.test(answer) &&
      this.format !== 'none'
    ) {
      this.format = this.format === 'json_schema' ? 'json_object' : 'none';
    } else {
      return;
    }
    const message = `The model's API refused the form of the request (${status}).`;
    throw new ModelError('request', message, { status, retryable: true, retry_after_ms: 0 });
  }
}

function read(text: string): Reply {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ModelError('bad_answer', "The model's API did not answer in JSON: check ai.base_url.");
  }
  const result = replySchema.safeParse(value);
  if (!result.success) {
    throw new ModelError(
      'bad_answer',
      "The model's API did not answer as chat completions do: check ai.base_url.",
    );
  }
  const { message, finish_reason } = result.data.choices[0]!;
  const { usage } = result.data;
  const refused = finish_reason === 'content_filter' || (message.refusal ?? '') !== '';
  return {
    text: message.content ?? '',
    stop: refused ? 'refusal' : finish_reason === 'length' ? 'max_tokens' : 'end',
    usage: usage ? { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens } : null,
  };
}
