import { boundedFetch, retryAfter_ms } from '../../lib/net/bounded-fetch.js';
import { ModelError, statusError } from '../failure.js';
import type { Prompt } from '../prompt.js';
import { answerSchema } from '../schema.js';
import { type AskOptions, MAX_REPLY_BYTES, type Provider, type Reply } from './provider.js';
import { transportError } from './transport.js';

export const ANTHROPIC_URL = 'https://api.anthropic.com';

export interface AnthropicOptions {
  base_url: string;
  model: string;
  max_tokens: number;
}

/**
 * Claude through the Messages API with structured output. `create` rather than `parse`: parse throws on a cut or
 * refused answer before its stop reason and its token use can be read.
 */
export class AnthropicProvider implements Provider {
  readonly name = 'anthropic';
  readonly model: string;

  constructor(private readonly options: AnthropicOptions) {
    this.model = options.model;
  }

  async prepare(): Promise<void> {
    await load();
  }

  async ask(prompt: Prompt, { signal, key, now_ms }: AskOptions): Promise<Reply> {
    // It would search profiles and files of its own accord.
    if (key === null) throw new ModelError('no_key', 'Anthropic needs a key: see ai.api_key_env.');
    const { Anthropic, APIError, zodOutputFormat } = await load();
    // Everything that the SDK would otherwise look for in the environment and in files is given.
    const client = new Anthropic({
      apiKey: key.value,
      authToken: null,
      webhookKey: null,
      baseURL: this.options.base_url,
      maxRetries: 0,
      logLevel: 'off',
      openTelemetry: false,
      fetch: boundedFetch(MAX_REPLY_BYTES),
    });
    const { type, schema } = zodOutputFormat(answerSchema);
    try {
      const message = await client.messages.create(
        {
          model: this.model,
          max_tokens: this.options.max_tokens,
          system: prompt.system,
          messages: [{ role: 'user', content: prompt.user }],
          output_config: { format: { type, schema } },
        },
        { signal },
      );
      return replyOf(message);
    } catch (error) {
      if (error instanceof ModelError) throw error;
      if (error instanceof APIError && error.status !== undefined) {
        const retry_ms = error.headers === undefined ? null : retryAfter_ms(error.headers, now_ms);
        throw statusError(error.status, retry_ms, key.source);
      }
      throw transportError(error);
    }
  }
}

/** The SDK believes the server; a server may send anything. */
function replyOf(message: unknown): Reply {
  const { content, stop_reason, usage } = (message ?? {}) as Record<string, unknown>;
  if (!Array.isArray(content)) throw new ModelError('bad_answer', "The model's API sent no message.");
  const text = content
    .map(block => (block?.type === 'text' && typeof block.text === 'string' ? block.text : ''))
    .join('');
  const stop =
    stop_reason === 'refusal'
      ? 'refusal'
      : stop_reason === 'max_tokens' || stop_reason === 'model_context_window_exceeded'
        ? 'max_tokens'
        : 'end';
  return { text, stop, usage: usageOf(usage) };
}

function usageOf(usage: unknown): Reply['usage'] {
  const counts = (usage ?? {}) as Record<string, unknown>;
  const count = (name: string): number => {
    const value = counts[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  if (typeof counts.input_tokens !== 'number' || typeof counts.output_tokens !== 'number') return null;
  const cached = count('cache_creation_input_tokens') + count('cache_read_input_tokens');
  return { input_tokens: count('input_tokens') + cached, output_tokens: count('output_tokens') };
}

/** Takes 150 ms: only where a model is to be asked. */
async function load() {
  const { default: Anthropic, APIError } = await import('@anthropic-ai/sdk');
  const { zodOutputFormat } = await import('@anthropic-ai/sdk/helpers/zod');
  return { Anthropic, APIError, zodOutputFormat };
}
