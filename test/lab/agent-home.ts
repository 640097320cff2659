import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { retireCodexDaemon, reuseCodexPackages } from './codex-daemon.js';
import { trustCodexHooks } from './codex-hooks.js';
import { type OtherKind, otherAgent, setUp } from './other-agents.js';

export type AgentKind = 'claude-code' | 'codex' | OtherKind;

/** Everything one agent needs to run alone: a home, a project folder, its model's address. */
export interface AgentHome {
  kind: AgentKind;
  /** Parent of all of it; delete this. */
  root: string;
  home: string;
  cwd: string;
  /** Lines of `NAME milliseconds` that the agent's hooks append. */
  hooks_file: string;
  env: Record<string, string>;
  /** The command of an interactive session. */
  argv: string[];
  /** The command of a run without a person. */
  oneShot(prompt: string): string[];
  /** The folder is not trusted yet. */
  untrust(): void;
  /** Nothing moves on its screen. */
  calm(): void;
  remove(): void;
}

/** Where the agents are: those of the lab, or of a version that the matrix installed. */
const AGENTS = process.env.VIGIL_LAB_AGENTS ?? join(repositoryRoot(), 'test/lab/agents/node_modules/.bin');
/** Port 9, discard: nobody listens. */
const NOWHERE = 'http://127.0.0.1:9';
const LAB_KEY = 'sk-lab-00000000000000000000000000000000';

export const CLAUDE_HOOKS = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PermissionRequest',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'Stop',
  'StopFailure',
  'SubagentStop',
  'SessionEnd',
];

export const CODEX_HOOKS = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PermissionRequest',
  'PostToolUse',
  'Stop',
];

/** Both agents read the same form. */
function hooks(names: string[], hook: string): unknown {
  const one = (name: string): unknown => ({ type: 'command', command: `${hook} ${name}`, timeout: 5 });
  return Object.fromEntries(names.map(name => [name, [{ hooks: [one(name)] }]]));
}

/** Where the checkout is, from the compiled file as well as from the source. */
export function repositoryRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.includes('/build/lab/') ? here.slice(0, here.indexOf('/build/lab/')) : join(here, '../..');
}

export interface HomeOptions {
  kind: AgentKind;
  /** Of the scripted model. */
  url: string;
  /** The hooks exist for the truth only; vigil must do without. */
  hooks?: boolean;
  /** Codex: `never` runs tools unasked. Claude: `true` allows every Bash command. */
  allow_tools?: boolean;
}

export async function makeHome(options: HomeOptions): Promise<AgentHome> {
  // Codex refuses to put its helpers below /tmp.
  mkdirSync('/var/tmp/vigil-lab', { recursive: true });
  const root = mkdtempSync(`${realpathSync('/var/tmp/vigil-lab')}/a-`);
  const home = join(root, 'home');
  const cwd = join(root, 'project');
  mkdirSync(home);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'README.md'), '# A project of the lab\n');
  const hooks_file = join(root, 'hooks.txt');
  writeFileSync(hooks_file, '');
  const hook = join(root, 'hook.sh');
  // `date` costs a millisecond, a shell script two; both far below what is measured.
  writeFileSync(hook, `#!/bin/sh\necho "$1 $(date +%s.%N)" >>'${hooks_file}'\n`);
  chmodSync(hook, 0o755);
  const env: Record<string, string> = {
    HOME: home,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    // Nothing leaves the machine: agents fetch plugins, news and updates when they start.
    ...{ no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' },
    ...{ https_proxy: NOWHERE, HTTPS_PROXY: NOWHERE, http_proxy: NOWHERE, HTTP_PROXY: NOWHERE },
    GIT_ALLOW_PROTOCOL: 'file',
  };
  const made = madeFor(options, { home, cwd, hook, env });
  const all = { ...env, ...made.env };
  if (options.kind === 'codex' && options.hooks !== false) await trustCodexHooks(made.argv[0]!, all, cwd);
  return {
    kind: options.kind,
    root,
    home,
    cwd,
    hooks_file,
    env: all,
    argv: made.argv,
    oneShot: made.oneShot,
    untrust: () =>
      edit(join(home, '.claude.json'), /"hasTrustDialogAccepted":true/, '"hasTrustDialogAccepted":false'),
    calm: () => {
      if (options.kind === 'codex')
        edit(join(home, '.codex/config.toml'), /$/, '\n[tui]\nanimations = false\n');
      else edit(join(home, '.claude/settings.json'), /^\{/, '{"prefersReducedMotion":true,');
    },
    remove: () => {
      if (options.kind === 'codex') retireCodexDaemon(all.CODEX_HOME!);
      removeSoon(root);
    },
  };
}

/** What it left behind may write there for another moment; then it stays. */
function removeSoon(root: string): void {
  try {
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  } catch (error) {
    console.error(`${root} stays: ${(error as Error).message}`);
  }
}

function edit(file: string, what: RegExp, by: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(what, by));
}

type Made = Pick<AgentHome, 'env' | 'argv' | 'oneShot'>;

function madeFor(
  options: HomeOptions,
  { home, cwd, hook, env }: { home: string; cwd: string; hook: string; env: Record<string, string> },
): Made {
  const other = otherAgent(options.kind);
  if (other === undefined)
    return options.kind === 'codex' ? codex(options, home, cwd, hook) : claude(options, home, cwd, hook);
  const own = { ...env };
  const argv = setUp(other, { url: options.url, home, cwd, env: own }, AGENTS);
  return { env: own, argv, oneShot: prompt => [...argv, '-p', prompt] };
}

function claude(options: HomeOptions, home: string, cwd: string, hook: string): Made {
  const config = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    numStartups: 5,
    customApiKeyResponses: { approved: [LAB_KEY.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  writeFileSync(join(home, '.claude.json'), JSON.stringify(config));
  mkdirSync(join(home, '.claude'));
  // Since 2.1.332 a model decides what is asked for, unless one says so.
  const permissions = { defaultMode: 'default', allow: options.allow_tools ? ['Bash'] : [] };
  const settings: Record<string, unknown> = { permissions };
  if (options.hooks !== false) {
    settings.hooks = hooks(CLAUDE_HOOKS, hook);
  }
  writeFileSync(join(home, '.claude/settings.json'), JSON.stringify(settings));
  const argv = [join(AGENTS, 'claude')];
  return {
    env: {
      ANTHROPIC_BASE_URL: options.url,
      ANTHROPIC_API_KEY: LAB_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      CLAUDE_CODE_MAX_RETRIES: '2',
    },
    argv,
    oneShot: prompt => [...argv, '-p', prompt],
  };
}

function codex(options: HomeOptions, home: string, cwd: string, hook: string): Made {
  const codexHome = join(home, '.codex');
  mkdirSync(codexHome);
  const config = `model = "gpt-5.1-codex"
model_provider = "lab"
approval_policy = "${options.allow_tools ? 'never' : 'on-request'}"
sandbox_mode = "${options.allow_tools ? 'danger-full-access' : 'workspace-write'}"
check_for_update_on_startup = false

[model_providers.lab]
name = "lab"
base_url = "${options.url}/v1"
wire_api = "responses"
env_key = "LAB_KEY"
request_max_retries = 2
stream_max_retries = 1

[features]
enable_request_compression = false

[projects."${cwd}"]
trust_level = "trusted"
`;
  writeFileSync(join(codexHome, 'config.toml'), config);
  reuseCodexPackages(codexHome);
  const argv = [join(AGENTS, 'codex')];
  if (options.hooks !== false) {
    writeFileSync(join(codexHome, 'hooks.json'), JSON.stringify({ hooks: hooks(CODEX_HOOKS, hook) }));
  }
  return {
    env: { CODEX_HOME: codexHome, LAB_KEY },
    argv,
    oneShot: prompt => [...argv, 'exec', '--skip-git-repo-check', prompt],
  };
}
