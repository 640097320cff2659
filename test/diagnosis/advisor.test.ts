import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import type { Advisor } from '../../src/diagnosis/advisor.js';
import { unasked } from '../../src/diagnosis/asker.js';
import { createAdvisor } from '../../src/diagnosis/setup.js';
import { MemoryUsageLog, type UsageEntry } from '../../src/diagnosis/usage.js';
import { alert, question, sample, snapshot, TIME_MS } from './incident.js';
import { type Behaviour, GOOD, ScriptedApi } from './scripted-api.js';
import { PLANTED } from './secrets.js';

const KEY = `sk-ant-${'test'}-0123456789abcdef`;
const PROVIDERS = ['anthropic', 'openai'] as const;
type ProviderName = (typeof PROVIDERS)[number];

class Log extends MemoryUsageLog {
  readonly all: UsageEntry[] = [];
  override record(entry: UsageEntry): void {
    this.all.push(entry);
    super.record(entry);
  }
}

let api: ScriptedApi;
let log: Log;
let now_ms: number;

beforeEach(async () => {
  api = new ScriptedApi();
  log = new Log();
  now_ms = TIME_MS;
  await api.start();
});
afterEach(() => api.stop());

function advisor(
  provider: ProviderName,
  over: Record<string, unknown> = {},
  env: NodeJS.ProcessEnv = { AI_KEY: KEY },
): Advisor {
  const { ai } = configSchema.parse({
    ai: {
      enabled: true,
      provider,
      base_url: provider === 'openai' ? `${api.url}/v1` : api.url,
      ...(provider === 'openai' ? { model: 'llama-4' } : {}),
      api_key_env: 'AI_KEY',
      timeout_s: 5,
      ...over,
    },
  });
  return createAdvisor(ai, { usage: log, now: () => now_ms, env });
}

describe.each(PROVIDERS)('a model by %s', provider => {
  it('explains, and what it cost is written down', async () => {
    const explanation = await advisor(provider).explain(question());
    expect(explanation).toMatchObject({
      by: 'model',
      model: provider === 'openai' ? 'llama-4' : 'claude-sonnet-5-5',
      failure: null,
      diagnosis: GOOD,
      usage: { input_tokens: 1200, output_tokens: 150, provider },
      left_out: [],
    });
    expect(explanation.proposals).toHaveLength(1);
    expect(explanation.proposals[0]).toMatchObject({
      type: 'kill_process',
      target: { kind: 'processes', processes: [{ pid: 4711, start_ticks: 47110 }, { pid: 4712 }] },
    });
    expect(log.all).toMatchObject([
      { provider, outcome: 'answered', input_tokens: 1200, output_tokens: 150, estimated: false },
    ]);
  });

  it('is sent exactly the prompt that is shown, and asked for the schema', async () => {
    const shown = advisor(provider).promptFor(question());
    await advisor(provider).explain(question());
    const body = JSON.parse(api.requests[0]!.body);
    expect(api.requests).toHaveLength(1);
    if (provider === 'anthropic') {
      expect(api.requests[0]!.path).toBe('/v1/messages');
      expect(body).toMatchObject({
        system: shown.system,
        messages: [{ role: 'user', content: shown.user }],
        max_tokens: 1024,
      });
      const { authorization, 'x-api-key': header } = api.requests[0]!.headers;
      expect(`${authorization} ${header}`).toContain(KEY);
      expect(body.output_config.format.schema.required).toContain('diagnostic');
    } else {
      expect(api.requests[0]!.path).toBe('/v1/chat/completions');
      expect(api.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
      expect(body.messages).toEqual([
        { role: 'system', content: shown.system },
        { role: 'user', content: shown.user },
      ]);
      expect(body.response_format.json_schema.schema.required).toContain('diagnostic');
    }
  });

  it('never gets a secret of the machine', async () => {
    const processes = PLANTED.map(({ text }, i) =>
      sample(8000 + i, { cmdline: text, comm: text, rss_bytes: 1e9 + i }),
    );
    for (let at = 0; at < processes.length; at += 8) {
      const some = processes.slice(at, at + 8);
      const about = alert({ subject: { ...alert().subject, processes: some, name: some[0]!.cmdline } });
      await advisor(provider).explain(
        question({
          about: { kind: 'alert', alert: about },
          snapshot: snapshot(some),
          journal: PLANTED.map(({ text }) => text).slice(at, at + 8),
        }),
      );
    }
    expect(api.requests.length).toBeGreaterThan(3);
    // The key is no secret to the API; everything else is.
    const transcript = api.transcript.replaceAll(KEY, '');
    expect(transcript).toContain('[redacted');
    for (const { secret } of PLANTED) {
      expect(transcript).not.toContain(secret);
      expect(transcript).not.toContain(JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1));
    }
  });

  const good = { kind: 'answer', answer: GOOD } as const;
  const cut = JSON.stringify(GOOD).slice(0, 60);
  const stopped = provider === 'anthropic' ? 'max_tokens' : 'length';
  const refused = provider === 'anthropic' ? 'refusal' : 'content_filter';
  const table: [string, Behaviour[], string, RegExp][] = [
    ['401', [{ kind: 'status', status: 401 }], 'auth', /refused the key \(401\): check \$AI_KEY/],
    ['403', [{ kind: 'status', status: 403 }], 'auth', /403/],
    ['404', [{ kind: 'status', status: 404 }], 'request', /ai\.model/],
    ['400', [{ kind: 'status', status: 400 }], 'request', /refused the request \(400\)/],
    [
      'a redirect',
      [{ kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9/' } }],
      'setup',
      /redirects elsewhere/,
    ],
    [
      'a long Retry-After',
      [{ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }],
      'rate_limit',
      /429.*wait 60 min/,
    ],
    [
      '529 with a wait',
      [{ kind: 'status', status: 529, headers: { 'retry-after': '100' } }],
      'overloaded',
      /overloaded \(529\)/,
    ],
    [
      'a refusal',
      [{ kind: 'answer', answer: "I can't help with that.", stop: refused }],
      'refusal',
      /refused to answer/,
    ],
    [
      'truncation',
      [{ kind: 'answer', answer: cut, stop: stopped }],
      'truncated',
      /1024 tokens \(ai\.max_tokens\)/,
    ],
    ['no JSON', [{ kind: 'answer', answer: 'Sure! Kill it.' }], 'bad_answer', /not JSON/],
    ['half a JSON', [{ kind: 'answer', answer: cut }], 'bad_answer', /not JSON/],
    [
      'a wrong schema',
      [{ kind: 'answer', answer: { ...GOOD, severity: 'apocalyptic' } }],
      'bad_answer',
      /agreed form \(at severity\)/,
    ],
    [
      'an unknown action',
      [{ kind: 'answer', answer: { ...GOOD, actions: [{ ...GOOD.actions[0], type: 'rm' }] } }],
      'bad_answer',
      /at actions\.0\.type/,
    ],
    ['an empty answer', [{ kind: 'answer', answer: '' }], 'bad_answer', /not JSON/],
    ['no message', [{ kind: 'raw', body: '{}' }], 'bad_answer', /check ai\.base_url|sent no message/],
    ['null', [{ kind: 'raw', body: 'null' }], 'bad_answer', /check ai\.base_url|sent no message/],
    [
      'a web page',
      [{ kind: 'raw', body: '<html>', type: 'text/html' }],
      'bad_answer',
      /check ai\.base_url|sent no message/,
    ],
    ['broken JSON', [{ kind: 'raw', body: '{"content": [' }], 'bad_answer', /check ai\.base_url/],
    ['a huge answer', [{ kind: 'huge', bytes: 3_000_000 }], 'too_large', /larger than 1048576 bytes/],
  ];
  it.each(table)(
    '%s ends in a clear message and the rules’ explanation',
    async (_, script, code, message) => {
      api.script = script;
      const explanation = await advisor(provider).explain(question());
      expect(explanation.failure).toMatchObject({ code });
      expect(explanation.failure!.message).toMatch(message);
      expect(explanation).toMatchObject({ by: 'rules', model: null });
      expect(explanation.diagnosis.diagnostic).toContain('12 leftovers of the Claude session');
      expect(explanation.diagnosis.diagnostic).toContain('3.6 GiB');
      expect(JSON.stringify(explanation)).not.toContain(KEY);
      expect(api.requests).toHaveLength(1);
      expect(log.all).toHaveLength(1);
    },
  );

  it.each([
    ['silent', { kind: 'never' }],
    ['dripping', { kind: 'drip' }],
    ['late', { kind: 'answer', answer: GOOD, after_ms: 3000 }],
  ] as [string, Behaviour][])('a %s server is given up in time', async (_, behaviour) => {
    api.script = [behaviour];
    const explanation = await advisor(provider, { timeout_s: 1 }).explain(question());
    expect(explanation.failure).toMatchObject({
      code: 'timeout',
      message: 'The model did not answer within 1 s (ai.timeout_s).',
    });
    expect(explanation.by).toBe('rules');
    // It may have thought: that is counted.
    expect(log.all).toMatchObject([{ outcome: 'timeout', estimated: true, output_tokens: 1024 }]);
    expect(log.all[0]!.input_tokens).toBeGreaterThan(1000);
  });

  it('trouble that passes is tried again', async () => {
    api.script = [{ kind: 'status', status: 529, headers: { 'retry-after': '0' } }, { kind: 'reset' }, good];
    const explanation = await advisor(provider).explain(question());
    expect(explanation).toMatchObject({
      by: 'model',
      failure: null,
      usage: { input_tokens: 1200, output_tokens: 150 },
    });
    expect(log.all.map(({ outcome }) => outcome)).toEqual(['overloaded', 'network', 'answered']);
  });

  it('trouble that does not pass is tried three times', async () => {
    api.script = [{ kind: 'status', status: 500, headers: { 'retry-after': '0' } }];
    const explanation = await advisor(provider).explain(question());
    expect(explanation.failure).toMatchObject({ code: 'server' });
    expect(api.requests).toHaveLength(3);
  });

  it('nobody listens', async () => {
    const gone = new ScriptedApi();
    await gone.start();
    const { url } = gone;
    await gone.stop();
    const explanation = await advisor(provider, { base_url: url, timeout_s: 1 }).explain(question());
    expect(explanation.failure!.message).toMatch(
      /cannot be reached: nobody listens there|did not answer within 1 s/,
    );
    expect(explanation.by).toBe('rules');
  });

  it('hears nothing within the cooldown; what it said is given again', async () => {
    const one = advisor(provider);
    const first = await one.explain(question());
    now_ms += 20_000;
    expect(await one.explain(question())).toBe(first);
    const other = await one.explain(question({ about: { kind: 'process', pid: 900 } }));
    expect(other.failure).toMatchObject({
      code: 'cooldown',
      message: 'A model was asked 20 s ago: again in 40 s (ai.cooldown_s).',
      wait_ms: 40_000,
    });
    expect(other.diagnosis.diagnostic).toContain('sshd (pid 900)');
    now_ms += 40_000;
    expect((await one.explain(question())).time_ms).toBe(now_ms);
    expect(api.requests).toHaveLength(2);
  });

  it('a server that asks to wait is left alone for so long', async () => {
    api.script = [{ kind: 'status', status: 429, headers: { 'retry-after': '300' } }, good];
    const one = advisor(provider);
    await one.explain(question());
    now_ms += 120_000;
    expect((await one.explain(question())).failure!.message).toContain('asked to wait for another 3 min');
    now_ms += 200_000;
    expect((await one.explain(question())).by).toBe('model');
  });

  it('keeps to the budget of the day', async () => {
    const one = advisor(provider, { daily_calls: 2, cooldown_s: 0 });
    await one.explain(question());
    await one.explain(question({ about: { kind: 'process', pid: 900 } }));
    const third = await one.explain(question({ about: { kind: 'process', pid: 5000 } }));
    expect(third.failure).toMatchObject({ code: 'budget' });
    expect(third.failure!.message).toContain('2 of 2 requests');
    expect(one.unavailable()).toMatchObject({ code: 'budget', wait_ms: null });
    expect(one.spending()).toMatchObject({
      calls: 2,
      daily_calls: 2,
      input_tokens: 2400,
      output_tokens: 300,
    });
    now_ms += 86_400_001;
    expect((await one.explain(question({ about: { kind: 'process', pid: 5000 } }))).by).toBe('model');
    expect(api.requests).toHaveLength(3);
  });

  const about = (pid: number) => ({ about: { kind: 'process', pid } as const });

  it('one user cannot spend what others, root and alerts need', async () => {
    const one = advisor(provider, { daily_calls: 20, cooldown_s: 0 });
    const asks = async (viewer_uid: number | null, times: number) => {
      let answered = 0;
      for (let i = 0; i < times; i++) {
        now_ms += 1000;
        const { by } = await one.explain(question({ ...about(10_000 * (viewer_uid ?? 0) + i), viewer_uid }));
        if (by === 'model') answered++;
      }
      return answered;
    };
    const greedy = await asks(1000, 25);
    expect(greedy).toBeGreaterThanOrEqual(5);
    expect(greedy).toBeLessThanOrEqual(10);
    const refused = await one.explain(question({ ...about(7), viewer_uid: 1000 }));
    expect(refused.failure).toMatchObject({ code: 'budget' });
    expect(refused.failure!.message).toBe(
      `Your share of the last 24 hours is used up: ${greedy} of ${greedy} requests; ${20 - greedy} of 20 are left for others (ai.daily_calls).`,
    );
    expect(await asks(1001, 25)).toBeGreaterThanOrEqual(3);
    for (const uid of [1002, 1003, 1004, 1005]) await asks(uid, 25);
    // What is reserved is still there.
    const last = await one.explain(question({ ...about(7), viewer_uid: 1006 }));
    expect(last.failure!.message).toMatch(/kept for root and for alerts|Your share/);
    expect(await asks(null, 25)).toBeGreaterThanOrEqual(5);
    expect(api.requests).toHaveLength(20);
  });

  it('alerts that a user makes are charged to that user, and never take it all', async () => {
    const one = advisor(provider, { daily_calls: 12, cooldown_s: 0 });
    const by = { subject: { ...alert().subject, uid: 1000 } };
    const models = { high: 0, critical: 0 };
    for (const severity of ['high', 'critical'] as const) {
      for (let id = 0; id < 12; id++) {
        now_ms += 1000;
        const made = alert({ ...by, id, key: `${severity} ${id}`, severity });
        const asked = question({ about: { kind: 'alert', alert: made }, viewer_uid: 1000 });
        if ((await one.explain(asked, unasked(made))).by === 'model') models[severity]++;
      }
    }
    expect(models.high).toBeGreaterThan(0);
    expect(models.critical).toBeGreaterThan(0);
    expect(models.high + models.critical).toBeLessThanOrEqual(6);
    expect((await one.explain(question({ ...about(9), viewer_uid: 1000 }))).failure).toMatchObject({
      code: 'budget',
    });
    expect((await one.explain(question())).by).toBe('model');
  });

  it('slow questions of one user hold up nobody else, and nobody else’s cooldown either', async () => {
    api.script = [{ kind: 'answer', answer: GOOD, after_ms: 400 }, good];
    const one = advisor(provider);
    const slow = one.explain(question({ ...about(900), viewer_uid: 1000 }));
    while (api.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    const again = await one.explain(question({ ...about(901), viewer_uid: 1000 }));
    expect(again.failure).toMatchObject({ code: 'busy' });
    expect((await one.explain(question({ ...about(902), viewer_uid: 1001 }))).by).toBe('model');
    expect((await one.explain(question())).by).toBe('model');
    expect((await slow).by).toBe('model');
    expect((await one.explain(question({ ...about(903), viewer_uid: 1000 }))).failure).toMatchObject({
      code: 'cooldown',
    });
  });

  it('asks nothing that could break the budget of tokens', async () => {
    const one = advisor(provider, { daily_tokens: 1500 });
    expect((await one.explain(question())).failure!.message).toMatch(
      /0 of 1500 tokens, and the question may take \d+/,
    );
    expect(api.requests).toHaveLength(0);
  });

  it('one question at a time: the same subject shares the answer, others hear the rules', async () => {
    api.script = [{ kind: 'answer', answer: GOOD, after_ms: 200 }];
    const one = advisor(provider, { cooldown_s: 0 });
    const [first, same, other] = await Promise.all([
      one.explain(question()),
      one.explain(question()),
      one.explain(question({ about: { kind: 'process', pid: 900 } })),
    ]);
    expect(same).toBe(first);
    expect(other.failure).toMatchObject({ code: 'busy' });
    expect(api.requests).toHaveLength(1);
  });

  it('stops when vigil does', async () => {
    api.script = [{ kind: 'never' }];
    const one = advisor(provider);
    const asked = one.explain(question());
    while (api.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    one.stop();
    expect((await asked).failure).toMatchObject({ code: 'stopped' });
    expect((await one.explain(question())).failure).toMatchObject({ code: 'stopped' });
  });

  it('is silent without a key, without a word to anybody', async () => {
    const none = await advisor(provider, {}, {}).explain(question());
    expect(none.failure).toMatchObject({ code: 'no_key' });
    expect(none.failure!.message).toContain('$AI_KEY is not set');
    expect((await advisor(provider, { enabled: false }).explain(question())).failure).toMatchObject({
      code: 'disabled',
    });
    expect(api.requests).toHaveLength(0);
    expect(log.all).toHaveLength(0);
  });

  it('sends no key in the clear to another machine', async () => {
    const explanation = await advisor(provider, { base_url: 'http://192.0.2.1/v1' }).explain(question());
    expect(explanation.failure!.message).toContain('Make ai.base_url https');
  });
});

describe('endpoints that know less than OpenAI', () => {
  const no = (what: string): Behaviour => ({
    kind: 'status',
    status: 400,
    body: `{"error":{"message":"${what}"}}`,
  });

  it('are asked in a simpler form, and remembered', async () => {
    api.script = [no('response_format json_schema is not supported'), { kind: 'answer', answer: GOOD }];
    const one = advisor('openai', { cooldown_s: 0 });
    expect((await one.explain(question())).by).toBe('model');
    await one.explain(question());
    expect(api.requests.map(({ body }) => JSON.parse(body).response_format.type)).toEqual([
      'json_schema',
      'json_object',
      'json_object',
    ]);
  });

  it('may want another name for the limit', async () => {
    api.script = [no('Unsupported parameter: use max_completion_tokens'), { kind: 'answer', answer: GOOD }];
    expect((await advisor('openai').explain(question())).by).toBe('model');
    expect(JSON.parse(api.requests[1]!.body)).toMatchObject({ max_completion_tokens: 1024 });
    expect(api.requests[1]!.body).not.toContain('max_tokens');
  });

  it('need no key when none is named', async () => {
    const { ai } = configSchema.parse({
      ai: { enabled: true, provider: 'openai', base_url: `${api.url}/v1/`, model: 'qwen3' },
    });
    const one = createAdvisor(ai, { usage: log, now: () => now_ms, env: { ANTHROPIC_API_KEY: KEY } });
    expect((await one.explain(question())).by).toBe('model');
    expect(api.transcript).not.toContain(KEY);
    expect(api.requests[0]!.headers.authorization).toBeUndefined();
  });

  it('may fence their JSON and keep quiet about tokens', async () => {
    api.script = [
      { kind: 'answer', answer: `\`\`\`json\n${JSON.stringify(GOOD)}\n\`\`\``, usage: { prompt_tokens: -5 } },
    ];
    expect((await advisor('openai').explain(question())).by).toBe('model');
    expect(log.all[0]!.input_tokens).toBeGreaterThanOrEqual(0);
  });
});
