import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The agents that have no hooks to tell the truth: it comes from the scripted model's log and the keys alone. Each is told
 * in its own files where its model is, and that nothing else may be asked for.
 */

interface Setting {
  url: string;
  home: string;
  cwd: string;
  env: Record<string, string>;
  put(path: string, content: string | object): void;
}

export interface OtherAgent {
  /** Of npm. */
  package: string;
  /** Its own name below `node_modules/.bin`. */
  program: string;
  /** Packages beside it, of the same version. */
  beside?: readonly string[];
  /** Packages of Node.js that it wants; default: whatever runs the lab. */
  node?: string;
  /** Stands on the screen when it takes input. */
  ready: RegExp;
  /** Stands on the screen first, and Enter or Escape puts it away. */
  first?: { screen: RegExp; key: string };
  /** Writes its configuration; gives its arguments. */
  set(setting: Setting): string[];
}

const MODEL = { name: 'lab', tool_call: true, limit: { context: 200_000, output: 8_000 } };

/** Kilo's terminal program is a descendant with the same configuration. */
function opencodeConfig(url: string): object {
  const options = { baseURL: `${url}/v1`, apiKey: 'lab' };
  return {
    autoupdate: false,
    model: 'lab/lab',
    small_model: 'lab/lab',
    permission: { bash: { '*': 'ask' } },
    provider: { lab: { npm: '@ai-sdk/openai-compatible', name: 'lab', options, models: { lab: MODEL } } },
  };
}

export const OTHER_AGENTS = {
  opencode: {
    package: 'opencode-ai',
    program: 'opencode',
    ready: /Ask anything/,
    set({ url, env, put }) {
      put('.config/opencode/opencode.json', opencodeConfig(url));
      Object.assign(env, { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' });
      return [];
    },
  },
  kilo: {
    package: '@kilocode/cli',
    program: 'kilo',
    ready: /Ask anything/,
    set({ url, env, put }) {
      put('.config/kilo/kilo.json', opencodeConfig(url));
      Object.assign(env, { KILO_DISABLE_MODELS_FETCH: '1', KILO_DISABLE_AUTOUPDATE: '1' });
      return [];
    },
  },
  'qwen-code': {
    package: '@qwen-code/qwen-code',
    program: 'qwen',
    node: 'node@22',
    ready: /Type your message/,
    set({ url, env, put }) {
      put('.qwen/settings.json', {
        security: { auth: { selectedType: 'openai' }, folderTrust: { enabled: false } },
        general: { disableAutoUpdate: true, enableAutoUpdate: false },
        telemetry: { enabled: false },
        model: { name: 'lab' },
      });
      const key = { OPENAI_API_KEY: 'lab', OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: 'lab' };
      Object.assign(env, { ...key, http_proxy: '', HTTP_PROXY: '' });
      return [];
    },
  },
  'copilot-cli': {
    package: '@github/copilot',
    program: 'copilot',
    ready: /commands · \? help/,
    set({ url, env, put }) {
      put('.copilot/config.json', {
        trusted_folders: ['/'],
        banner: 'never',
        asked_setup_terminals: ['all'],
      });
      Object.assign(env, {
        ...{ COPILOT_OFFLINE: 'true', COPILOT_AUTO_UPDATE: 'false', COPILOT_MODEL: 'lab' },
        ...{ COPILOT_PROVIDER_BASE_URL: `${url}/v1`, COPILOT_PROVIDER_API_KEY: 'lab' },
      });
      return [];
    },
  },
  'gemini-cli': {
    package: '@google/gemini-cli',
    program: 'gemini',
    ready: /Type your message/,
    set({ url, env, put }) {
      put('.gemini/settings.json', {
        security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
        general: { disableAutoUpdate: true, enableAutoUpdate: false },
        telemetry: { enabled: false },
      });
      Object.assign(env, {
        GEMINI_API_KEY: 'lab',
        GOOGLE_GEMINI_BASE_URL: url,
        http_proxy: '',
        HTTP_PROXY: '',
      });
      return [];
    },
  },
  cline: {
    package: 'cline',
    program: 'cline',
    ready: /Ask anything|What can I do/i,
    set({ url, put }) {
      put('.cline/data/settings/providers.json', {
        version: 1,
        lastUsedProvider: 'openai-compatible',
        providers: {
          'openai-compatible': {
            settings: { provider: 'openai-compatible', model: 'lab', apiKey: 'lab', baseUrl: `${url}/v1` },
            tokenSource: 'manual',
            updatedAt: '2026-01-01T00:00:00.000Z',
          },
        },
      });
      put('.cline/data/settings/cli-notices.json', { shown: { 'cline-cli-cline-pass-intro': true } });
      return ['-i', '--auto-approve', 'false'];
    },
  },
  kimi: {
    package: '@moonshot-ai/kimi-code',
    program: 'kimi',
    node: 'node@22',
    ready: /context: 0%/,
    first: { screen: /Trust this folder\?/, key: 'Enter' },
    set({ url, put }) {
      const provider = `[providers.lab]\ntype = "openai"\nbase_url = "${url}/v1"\napi_key = "lab"\n`;
      const model = `[models.lab]\nprovider = "lab"\nmodel = "lab"\nmax_context_size = 200000\n`;
      put('.kimi-code/config.toml', `default_model = "lab"\n${provider}${model}`);
      return [];
    },
  },
  pi: {
    package: '@earendil-works/pi-coding-agent',
    program: 'pi',
    node: 'node@22',
    ready: /0\.0%\/200k/,
    set({ url, env, put }) {
      const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
      const model = { id: 'lab', name: 'lab', reasoning: false, input: ['text'], contextWindow: 200_000 };
      const models = [{ ...model, maxTokens: 8_000, cost }];
      const lab = { baseUrl: `${url}/v1`, api: 'openai-completions', apiKey: 'lab', models };
      put('.pi/agent/models.json', { providers: { lab } });
      put('.pi/agent/settings.json', { quietStartup: true });
      env.PI_OFFLINE = '1';
      return ['--provider', 'lab', '--model', 'lab'];
    },
  },
  continue: {
    package: '@continuedev/cli',
    program: 'cn',
    ready: /Ask anything/,
    set({ url, home, env, put }) {
      const model = `  - name: lab\n    provider: openai\n    model: gpt-4o\n    apiBase: ${url}/v1\n    apiKey: lab\n`;
      const more = '    roles: [chat]\n    capabilities: [tool_use]\n    useResponsesApi: false\n';
      put('.continue/config.yaml', `name: lab\nversion: 0.0.1\nschema: v1\nmodels:\n${model}${more}`);
      env.CONTINUE_TELEMETRY_ENABLED = '0';
      return ['--config', join(home, '.continue/config.yaml')];
    },
  },
} as const satisfies Record<string, OtherAgent>;

export type OtherKind = keyof typeof OTHER_AGENTS;
export const OTHER_KINDS = Object.keys(OTHER_AGENTS) as OtherKind[];

/** Undefined for the two that have hooks. */
export function otherAgent(kind: string): OtherAgent | undefined {
  return (OTHER_AGENTS as Record<string, OtherAgent>)[kind];
}

/** Its command, with its configuration written; `bin` is where npm put it. */
export function setUp(agent: OtherAgent, setting: Omit<Setting, 'put'>, bin: string): string[] {
  const put: Setting['put'] = (path, content) => {
    const file = join(setting.home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  const args = agent.set({ ...setting, put });
  // The Node.js that was installed beside it comes first.
  setting.env.PATH = `${bin}:${setting.env.PATH}`;
  return [join(bin, agent.program), ...args];
}

/** The innermost process of that program on a terminal: agents start themselves again, and the inner one counts. */
export function innermost(pid: number, program: string): number {
  for (const entry of readdirSync('/proc')) {
    const child = Number(entry);
    if (child > pid && isChild(child, pid, program)) return innermost(child, program);
  }
  return pid;
}

function isChild(pid: number, of: number, program: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [, parent, , , tty] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const named = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(program);
    return Number(parent) === of && tty !== '0' && named;
  } catch {
    return false;
  }
}
