import { z } from 'zod';
import { SEVERITIES } from '../model/alert.js';
import { absolutePath, BY_GROUP, BY_ROOT, environmentName, LIVE } from '../model/config-key.js';

/** Explanations by a model. */

export const DEFAULT_MODEL = 'claude-sonnet-5-5';
export const DEFAULT_KEY_ENV = 'ANTHROPIC_API_KEY';

const ai = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Ask a model to explain alerts: what it is told leaves the machine. Without it, or without a key, the rules explain alone.',
      ),
    provider: z
      .enum(['anthropic', 'openai'])
      .default('anthropic')
      .describe(
        '`anthropic`, or `openai` for any endpoint that speaks its chat completions: Groq, Ollama, vLLM.',
      )
      .meta(BY_ROOT),
    model: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'must be the name of a model')
      .optional()
      .describe(`The model's name. Without it: \`${DEFAULT_MODEL}\` for \`anthropic\`; \`openai\` needs one.`)
      .meta(BY_GROUP),
    base_url: z
      .string()
      .regex(/^https?:\/\/[^\s/@?#]+(?:\/[^\s?#]*)?$/, {
        message: 'must be like "https://host/v1", without a user or a query',
        abort: true,
      })
      .refine(text => URL.canParse(text), 'must have a host and a port that can be: ports end at 65535')
      .optional()
      .describe(
        'Address of the API; for `openai` up to the version, e.g. `"http://127.0.0.1:11434/v1"`. A key is sent over https only, or to this machine.',
      )
      .meta(BY_ROOT),
    api_key_env: environmentName
      .optional()
      .describe(
        `Environment variable with the key, and name of the systemd credential (LoadCredential=) that is looked for next. Without it: \`${DEFAULT_KEY_ENV}\` for \`anthropic\`, none for \`openai\`.`,
      )
      .meta(BY_ROOT),
    api_key_file: absolutePath
      .optional()
      .describe('File that holds the key and nothing else, readable by its owner (and group) only.')
      .meta(BY_ROOT),
    min_severity: z
      .enum(SEVERITIES)
      .default('warning')
      .describe('The mildest alerts that are explained without being asked.'),
    max_tokens: z.int().min(256).max(8192).default(1024).describe('How long an answer may get.'),
    cooldown_s: z
      .int()
      .min(0)
      .max(86_400)
      .default(60)
      .describe('Time between two questions of the same user; vigil itself and root have their own.'),
    daily_calls: z
      .int()
      .min(0)
      .max(100_000)
      .default(100)
      .describe(
        'Requests within 24 hours, repeated ones counted. A quarter is kept for root and for what vigil asks unasked; users share the rest.',
      ),
    daily_tokens: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(300_000)
      .describe('Tokens within 24 hours, of questions and answers together, shared like the requests.'),
    timeout_s: z
      .int()
      .min(1)
      .max(600)
      .default(60)
      .describe('How long an answer may take, repeated requests included.'),
    redact_home: z
      .boolean()
      .default(true)
      .describe(
        'Names of home directories leave the machine as `[user]`. Secrets always leave as `[redacted]`.',
      ),
  })
  .superRefine((value, ctx) => {
    if (value.provider !== 'openai') return;
    for (const key of ['base_url', 'model'] as const) {
      if (value[key] === undefined) {
        ctx.addIssue({ code: 'custom', path: [key], message: 'is needed with provider = "openai"' });
      }
    }
  })
  .describe(
    'Explanations by a model, on alerts and for `vigil explain`. What is sent can be seen with `vigil explain --show-prompt`.',
  )
  .meta({ ...BY_GROUP, ...LIVE });

/** `[ai]` */
export const diagnosisConfig = { ai: ai.prefault({}) };

export type AiConfig = z.infer<typeof ai>;
