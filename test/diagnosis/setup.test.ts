import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/load.js';
import { createAdvisor } from '../../src/diagnosis/setup.js';
import { MemoryUsageLog } from '../../src/diagnosis/usage.js';

function problems(toml: string): string {
  try {
    parseConfig(toml, 'c.toml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

function unavailable(toml: string, env: NodeJS.ProcessEnv): string | undefined {
  const { ai } = parseConfig(toml, 'c.toml');
  return createAdvisor(ai, { usage: new MemoryUsageLog(), now: () => 0, env }).unavailable()?.code;
}

describe('[ai]', () => {
  it('is ready with a key, and silent without one', () => {
    expect(unavailable('[ai]\nenabled = true', {})).toBe('no_key');
    expect(unavailable('[ai]\nenabled = true', { ANTHROPIC_API_KEY: 'k' })).toBeUndefined();
    expect(unavailable('[ai]\nenabled = true\napi_key_file = "/dev/null"', {})).toBe('setup');
  });

  it('sends nothing unless that was chosen, also where a key lies about', () => {
    expect(unavailable('', { ANTHROPIC_API_KEY: 'k' })).toBe('disabled');
  });

  it('needs to know whom to ask and for which model, if not Anthropic', () => {
    const text = problems('[ai]\nprovider = "openai"');
    expect(text).toContain('"ai.base_url" is needed with provider = "openai"');
    expect(text).toContain('"ai.model" is needed');
    const ollama =
      '[ai]\nenabled = true\nprovider = "openai"\nbase_url = "http://127.0.0.1:11434/v1"\nmodel = "qwen3"';
    expect(unavailable(ollama, {})).toBeUndefined();
  });

  it.each([
    ['api_key_env = "sk-ant-0123"', /must be the name of an environment variable, not the secret itself/],
    ['base_url = "https://user:pw@host/v1"', /without a user or a query/],
    ['base_url = "ftp://host"', /must be like/],
    ['base_url = "https://localhost:114343/v1"', /"ai.base_url" must have a host and a port that can be/],
    ['base_url = "http://[::1/v1"', /must have a host and a port that can be/],
    ['api_key_file = "key"', /must be an absolute path/],
    ['api_key = "sk"', /unknown key "ai.api_key"/],
  ])('refuses %s', (line, words) => {
    expect(problems(`[ai]\n${line}`)).toMatch(words);
  });

  it('counts what an earlier daemon spent', () => {
    const { ai } = parseConfig('[ai]\nenabled = true\ndaily_calls = 1', 'c.toml');
    const usage = new MemoryUsageLog([{ time_ms: 5, input_tokens: 10, output_tokens: 1 }]);
    const advisor = createAdvisor(ai, { usage, now: () => 10, env: { ANTHROPIC_API_KEY: 'k' } });
    expect(advisor.unavailable()?.code).toBe('budget');
    expect(advisor.spending()).toMatchObject({ calls: 1, input_tokens: 10 });
  });
});
