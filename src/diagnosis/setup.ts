import { readSecret } from '../lib/files/secret.js';
import { isPrivateEnough, loadFetch } from '../lib/net/bounded-fetch.js';
import { Advisor } from './advisor.js';
import type { ReadKey } from './asking.js';
import { type AiConfig, DEFAULT_KEY_ENV, DEFAULT_MODEL } from './config.js';
import { ANTHROPIC_URL, AnthropicProvider } from './providers/anthropic.js';
import { OpenAiCompatibleProvider } from './providers/openai-compatible.js';
import type { Provider } from './providers/provider.js';
import type { UsageLog } from './usage.js';

/** The advisor that the configuration describes. `env` is where keys are looked for. */
export function createAdvisor(
  config: AiConfig,
  deps: { usage: UsageLog; now: () => number; env: NodeJS.ProcessEnv },
): Advisor {
  const base_url = (config.base_url ?? ANTHROPIC_URL).replace(/\/+$/, '');
  const options = {
    enabled: config.enabled,
    max_tokens: config.max_tokens,
    timeout_ms: config.timeout_s * 1000,
    redact_home: config.redact_home,
    cooldown_ms: config.cooldown_s * 1000,
    daily_calls: config.daily_calls,
    daily_tokens: config.daily_tokens,
  };
  const provider = providerOf(config, base_url);
  if (config.enabled) {
    loadFetch();
    provider.prepare?.().catch(() => {}); // the first question says what is wrong
  }
  return new Advisor(options, {
    provider,
    readKey: keyReader(config, base_url, deps.env),
    usage: deps.usage,
    now: deps.now,
  });
}

function providerOf(config: AiConfig, base_url: string): Provider {
  const options = { base_url, model: config.model ?? DEFAULT_MODEL, max_tokens: config.max_tokens };
  return config.provider === 'anthropic'
    ? new AnthropicProvider(options)
    : new OpenAiCompatibleProvider(options);
}

function keyReader(config: AiConfig, base_url: string, env: NodeJS.ProcessEnv): ReadKey {
  const anthropic = config.provider === 'anthropic';
  const place = {
    env: config.api_key_env ?? (anthropic ? DEFAULT_KEY_ENV : undefined),
    file: config.api_key_file,
  };
  const secure = isPrivateEnough(new URL(base_url));
  return () => {
    // A model on this machine or in the house may need none.
    if (place.env === undefined && place.file === undefined) return { ok: true, key: null };
    const secret = readSecret(place, env);
    if (!secret.ok) {
      return secret.absent
        ? {
            ok: false,
            code: 'no_key',
            message: `No model is asked: ${secret.message} (ai.api_key_env, ai.api_key_file).`,
          }
        : { ok: false, code: 'setup', message: `No model is asked: the key in ${secret.message}.` };
    }
    if (!secure) {
      return {
        ok: false,
        code: 'setup',
        message: 'No model is asked: over http the key would be sent in the clear. Make ai.base_url https.',
      };
    }
    return { ok: true, key: { value: secret.value, source: secret.source } };
  };
}
