import { describe, expect, it } from 'vitest';
import type { Match } from '../../../src/agents/agent-type.js';
import { createRecogniser } from '../../../src/agents/types/index.js';
import type { ProcessFacts } from '../../../src/model/observation.js';
import { facts } from '../facts.js';

const recognise = createRecogniser();

/** Whether it waits for a person at its terminal: of a conversation, that it is one. */
function waits(match: Match): string {
  if (match.role !== 'main') return 'false';
  return match.mode === 'conversation' ? match.mode : String(match.mode === 'terminal');
}

/** [what it is, exe, argv, expected `kind role interactive`, or null] */
type Row = [string, string, string[], string | null];

const NODE = '/usr/bin/node';
const QWEN = ['node', '/usr/local/bin/qwen'];
const OPENCODE = '/usr/local/lib/node_modules/opencode-ai/bin/opencode.exe';
const COPILOT = '/usr/local/lib/node_modules/@github/copilot/node_modules/@github/copilot-linux-x64/copilot';
const AMP = '/usr/local/lib/node_modules/@sourcegraph/amp/node_modules/@ampcode/cli/bin/amp.exe';
const CRUSH = '/usr/local/lib/node_modules/@charmland/crush/bin/crush';
const KILO = '/usr/local/lib/node_modules/@kilocode/cli/node_modules/@kilocode/cli-linux-x64/bin/kilo';
const CLINE = '/usr/local/lib/node_modules/cline/node_modules/@cline/cli-linux-x64/bin/cline';
const CODEX = '/usr/lib/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex';

const rows: Row[] = [
  ['kilo from npm', KILO, ['kilo'], 'kilo main true'],
  ['kilo run', KILO, ['kilo', 'run', 'hi'], 'kilo main false'],
  [
    'kilo’s wrapper',
    NODE,
    ['node', '/usr/local/lib/node_modules/@kilocode/cli/bin/kilo'],
    'kilo wrapper false',
  ],
  ['kilo serve', KILO, ['kilo', 'serve'], 'kilo main conversation'],
  ['grok', NODE, ['node', '/usr/local/bin/grok'], 'grok main true'],
  ['grok -p', NODE, ['node', '/usr/local/bin/grok', '-p', 'hi'], 'grok main false'],
  ['another grok', '/usr/bin/grok', ['grok', '-f', 'x'], null],
  ['cline from npm', CLINE, ['/usr/local/bin/cline', '-i'], 'cline main true'],
  ['cline with a prompt answers it without a person', CLINE, ['cline', 'fix it'], 'cline main false'],
  ['cline’s hub', CLINE, ['cline', '--cline-hub-daemon', '--cwd', '/home/u'], 'cline helper false'],
  ['cline history', CLINE, ['cline', 'history'], null],
  ['kimi', NODE, ['node', '/usr/local/bin/kimi'], 'kimi main true'],
  [
    'kimi as a Python program',
    '/usr/bin/python3.13',
    ['python3', '/home/u/.local/bin/kimi'],
    'kimi main true',
  ],
  ['kimi -p', NODE, ['node', '/usr/local/bin/kimi', '-p', 'hi'], 'kimi main false'],
  ['kimi’s server', NODE, ['node', '/usr/local/bin/kimi', 'web'], null],
  ['pi', NODE, ['pi'], 'pi main true'],
  ['pi through its link', NODE, ['node', '/usr/local/bin/pi', '--continue'], 'pi main true'],
  ['pi --mode rpc', NODE, ['node', '/usr/local/bin/pi', '--mode', 'rpc'], 'pi main false'],
  ['another pi', '/usr/bin/pi', ['pi', '20'], null],
  ['a script called pi', '/usr/bin/python3', ['python3', '/home/u/pi.py'], null],
  ['cn', NODE, ['node', '/usr/local/bin/cn'], 'continue main true'],
  ['cn -p', NODE, ['node', '/usr/local/bin/cn', '-p', 'hi'], 'continue main false'],
  ['cn serve', NODE, ['node', '/usr/local/bin/cn', 'serve'], null],
  ['another cn', '/usr/bin/cn', ['cn'], null],
  [
    'claude from npm',
    '/usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe',
    ['claude'],
    'claude-code main true',
  ],
  [
    'claude by its full path',
    '/usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe',
    ['/usr/bin/claude', '--resume'],
    'claude-code main true',
  ],
  [
    'claude from the native installer',
    '/home/u/.local/share/claude/versions/2.1.233',
    ['claude'],
    'claude-code main true',
  ],
  [
    'claude that ran itself again',
    '/home/u/.local/share/claude/versions/2.1.233',
    ['/home/u/.local/share/claude/versions/2.1.233'],
    'claude-code main true',
  ],
  [
    'old claude on node',
    NODE,
    ['node', '/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js'],
    'claude-code main true',
  ],
  ['old claude through its link', NODE, ['node', '/usr/local/bin/claude'], 'claude-code main true'],
  ['claude that renamed itself', NODE, ['claude'], 'claude-code main true'],
  [
    'claude on NixOS',
    '/nix/store/abc-claude-code-2.1/bin/.claude-wrapped',
    ['claude'],
    'claude-code main true',
  ],
  ['claude with a prompt', '/usr/bin/claude', ['claude', 'fix the tests'], 'claude-code main true'],
  ['claude -p', '/usr/bin/claude', ['claude', '-p', 'hi'], 'claude-code main false'],
  [
    'claude of an SDK',
    '/usr/bin/claude',
    ['claude', '--output-format', 'stream-json', '--verbose'],
    'claude-code main false',
  ],
  [
    'claude in an editor',
    '/home/u/.vscode/extensions/anthropic.claude-code-2.1.332-linux-x64/resources/native-binary/claude',
    ['claude', '--output-format', 'stream-json', '--input-format', 'stream-json', '--verbose'],
    'claude-code main conversation',
  ],
  [
    'claude in an editor, asked with -p',
    '/usr/bin/claude',
    ['claude', '-p', '--input-format=stream-json', '--output-format=stream-json'],
    'claude-code main conversation',
  ],
  [
    'claude of the Agent SDK on node',
    NODE,
    ['node', '/srv/app/node_modules/@anthropic-ai/claude-agent-sdk/cli.js', '--input-format', 'stream-json'],
    'claude-code main conversation',
  ],
  [
    'an example of the Agent SDK',
    NODE,
    ['node', '/srv/app/node_modules/@anthropic-ai/claude-agent-sdk/examples/run.js'],
    null,
  ],
  [
    'a prompt that speaks of it',
    '/usr/bin/claude',
    ['claude', '--', '--input-format', 'stream-json'],
    'claude-code main true',
  ],
  ['claude --bg', '/usr/bin/claude', ['claude', '--bg', 'fix it'], null],
  ['its daemon', '/usr/bin/claude', ['/usr/bin/claude', 'daemon', 'run', '--origin', 'transient'], null],
  [
    'what holds the terminal of a background session',
    '/usr/bin/claude',
    [
      'claude bg-pty-host',
      '--bg-pty-host',
      '/tmp/x.sock',
      '200',
      '50',
      '--',
      '/usr/bin/claude',
      '--bg-spare',
      '/tmp/y.sock',
    ],
    null,
  ],
  [
    'a background session',
    '/usr/bin/claude',
    ['claude', '--session-id', 'a-b', 'fix it'],
    'claude-code main true',
  ],
  ['claude agents --json', '/usr/bin/claude', ['claude', 'agents', '--json'], null],
  ['claude attach', '/usr/bin/claude', ['claude', 'attach', '7b2bab1a'], null],
  ['claude mcp serve', '/usr/bin/claude', ['claude', 'mcp', 'serve'], null],
  ['claude --version', '/usr/bin/claude', ['claude', '--version'], null],
  ['ripgrep inside claude', '/usr/bin/claude', ['rg', '--files'], null],
  ['an editor on a file called claude', '/usr/bin/vim', ['vim', 'claude'], null],
  ['grep claude', '/usr/bin/grep', ['grep', '-r', 'claude', '.'], null],
  ['a log being followed', '/usr/bin/tail', ['tail', '-f', '/var/log/claude'], null],
  ['npm installing it', NODE, ['node', '/usr/bin/npm', 'install', '@anthropic-ai/claude-code'], null],
  [
    'claude, unwrapped',
    '/nix/store/abc-claude-code-2.1/bin/.claude-unwrapped',
    ['claude'],
    'claude-code main true',
  ],
  ['claude, wrapped', '/opt/bin/claude-wrapped', ['/opt/bin/claude-wrapped'], 'claude-code main true'],
  [
    'claude, wrapped twice',
    '/nix/store/abc/bin/.claude-unwrapped-wrapped',
    ['claude'],
    'claude-code main true',
  ],
  ['codex-raw', '/opt/codex/bin/codex-raw', ['/opt/codex/bin/codex-raw'], 'codex main true'],
  ['codex-unwrapped', '/opt/codex/bin/codex-unwrapped', ['codex-unwrapped'], 'codex main true'],
  ['.codex-wrapped_', '/nix/store/abc-codex/bin/.codex-wrapped_', ['codex'], 'codex main true'],
  [
    'codex from the release',
    '/opt/codex-x86_64-unknown-linux-musl',
    ['codex-x86_64-unknown-linux-musl'],
    'codex main true',
  ],
  ['codex exec, unwrapped', '/nix/store/abc/bin/.codex-wrapped', ['codex', 'exec', 'hi'], 'codex main false'],
  ['a file that hides', '/home/u/.claude', ['/home/u/.claude'], null],
  ['another program of that name', '/usr/bin/claude-monitor', ['claude-monitor'], null],
  ['what only stores drafts', '/usr/bin/raw', ['raw'], null],
  [
    'gemini on bun',
    '/home/u/.bun/bin/bun',
    ['bun', 'run', '/home/u/.bun/bin/gemini'],
    'gemini-cli main true',
  ],
  ['bunx, which starts it', '/home/u/.bun/bin/bun', ['bun', 'x', '@google/gemini-cli'], null],
  [
    'gemini on deno',
    '/usr/bin/deno',
    ['deno', 'run', '-A', 'npm:@google/gemini-cli@0.61.0'],
    'gemini-cli main true',
  ],
  [
    'claude from an AppImage',
    '/tmp/.mount_claudeXw3aQ/usr/bin/claude',
    ['/tmp/.mount_claudeXw3aQ/usr/bin/claude'],
    'claude-code main true',
  ],
  [
    'claude of mise',
    '/home/u/.local/share/mise/installs/npm-anthropic-ai-claude-code/2.1/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe',
    ['claude'],
    'claude-code main true',
  ],
  [
    'codex of Homebrew',
    '/home/linuxbrew/.linuxbrew/Cellar/codex/0.171.0/bin/codex',
    ['codex'],
    'codex main true',
  ],
  ["volta's shim, which starts it", '/home/u/.volta/bin/volta-shim', ['claude'], null],
  [
    'a loader that runs it',
    '/usr/lib/ld-linux-x86-64.so.2',
    ['/lib64/ld-linux-x86-64.so.2', '/opt/claude', '-c'],
    'claude-code main true',
  ],
  ['sudo', '/usr/bin/sudo', ['sudo', '-u', 'bob', 'claude'], null],
  ['su', '/usr/bin/su', ['su', '-c', 'claude', 'bob'], null],
  ['script', '/usr/bin/script', ['script', '-qc', 'claude', '/dev/null'], null],
  ['a shell that starts it', '/usr/bin/bash', ['bash', '-c', 'claude'], null],
  ['a server in a folder of that name', NODE, ['node', '/srv/claude/server.js'], null],
  [
    'a package inside its package',
    NODE,
    ['node', '/usr/lib/node_modules/@anthropic-ai/claude-code/node_modules/x-mcp/index.js'],
    null,
  ],
  ['codex wrapper', NODE, ['node', '/usr/bin/codex'], 'codex wrapper false'],
  ['codex on the terminal', CODEX, ['codex'], 'codex main true'],
  ['codex by full path with options', CODEX, [CODEX, '-m', 'gpt-5', '--cd', '/src'], 'codex main true'],
  ['codex resume', CODEX, ['codex', 'resume', '--last'], 'codex main true'],
  ['codex exec', CODEX, ['codex', 'exec', 'hi'], 'codex main false'],
  [
    'codex app-server',
    '/home/u/.codex/packages/app-server-daemon/releases/0.169.0/bin/codex',
    ['codex', 'app-server', '--listen', 'unix://'],
    'codex helper false',
  ],
  ['codex login', CODEX, ['codex', 'login'], null],
  ['codex sandbox tool', CODEX, ['codex-linux-sandbox', '--', 'ls'], null],
  ['gemini', NODE, ['node', '/usr/bin/gemini'], 'gemini-cli main true'],
  [
    'gemini, more memory',
    NODE,
    ['/usr/bin/node', '--max-old-space-size=8192', '/usr/bin/gemini'],
    'gemini-cli main true',
  ],
  [
    'gemini by package',
    NODE,
    ['node', '/opt/x/node_modules/@google/gemini-cli/dist/index.js'],
    'gemini-cli main true',
  ],
  ['gemini -p', NODE, ['node', '/usr/bin/gemini', '-p', 'hi'], 'gemini-cli main false'],
  [
    'gemini 0.61.0, inner',
    NODE,
    ['/usr/bin/node', '--max-old-space-size=12052', '/usr/local/bin/gemini'],
    'gemini-cli main true',
  ],
  ['gemini with a first prompt', NODE, ['node', '/usr/bin/gemini', 'fix it'], 'gemini-cli main true'],
  ['gemini with a model', NODE, ['node', '/usr/bin/gemini', '-m', 'mcp'], 'gemini-cli main true'],
  ['gemini mcp list', NODE, ['node', '/usr/bin/gemini', 'mcp', 'list'], null],
  ['gemini --list-sessions', NODE, ['node', '/usr/bin/gemini', '--list-sessions'], null],
  ['gemini gemma start', NODE, ['node', '/usr/bin/gemini', 'gemma', 'start'], null],
  ['qwen 0.15.10, outer', NODE, QWEN, 'qwen-code main true'],
  ['qwen with a prompt answers and ends', NODE, [...QWEN, 'fix it'], 'qwen-code main false'],
  ['qwen -i with a prompt', NODE, [...QWEN, '-i', 'fix it'], 'qwen-code main true'],
  ['qwen with a model', NODE, [...QWEN, '--model', 'x', '-y'], 'qwen-code main true'],
  ['qwen channel start', NODE, [...QWEN, 'channel', 'start'], null],
  ['opencode', '/home/u/.opencode/bin/opencode', ['opencode'], 'opencode main true'],
  ['opencode wrapper', NODE, ['node', '/usr/bin/opencode'], 'opencode wrapper false'],
  ['opencode run', '/home/u/.opencode/bin/opencode', ['opencode', 'run', 'hi'], 'opencode main false'],
  ['opencode 1.18.33 from npm', OPENCODE, ['opencode'], 'opencode main true'],
  [
    'opencode 1.18.33, npm without its scripts',
    '/usr/local/lib/node_modules/opencode-ai/node_modules/opencode-linux-x64/bin/opencode',
    ['opencode', '--model', 'lab/serve'],
    'opencode main true',
  ],
  ['opencode run -i', OPENCODE, ['opencode', 'run', '-i'], 'opencode main true'],
  ['opencode attach', OPENCODE, ['opencode', 'attach', 'http://127.0.0.1:4096'], 'opencode main true'],
  ['opencode providers', OPENCODE, ['opencode', 'providers', 'login'], null],
  ['opencode serve', '/home/u/.opencode/bin/opencode', ['opencode', 'serve'], 'opencode main conversation'],
  ['opencode acp', OPENCODE, ['opencode', 'acp'], 'opencode main conversation'],
  ['gemini --acp', NODE, ['node', '/usr/bin/gemini', '--experimental-acp'], 'gemini-cli main conversation'],
  ['copilot --acp', COPILOT, [COPILOT, '--acp'], 'copilot-cli main conversation'],
  ['codex app-server of an editor', CODEX, ['codex', 'app-server'], 'codex main conversation'],
  ['copilot', NODE, ['node', '/usr/bin/copilot'], 'copilot-cli main true'],
  ['copilot 1.0.102, native', COPILOT, [COPILOT], 'copilot-cli main true'],
  ['copilot with a first prompt', COPILOT, [COPILOT, '-i', 'fix it'], 'copilot-cli main true'],
  ['copilot mcp', COPILOT, [COPILOT, 'mcp', 'list'], null],
  ['copilot -p', NODE, ['node', '/usr/bin/copilot', '-p', 'hi'], 'copilot-cli main false'],
  ['amp', NODE, ['node', '--no-warnings', '/usr/bin/amp'], 'amp main true'],
  ['amp 0.0.1790142911', AMP, ['amp'], 'amp main true'],
  ['amp with a mode', AMP, ['amp', '-m', 'high'], 'amp main true'],
  ['amp threads continue', AMP, ['amp', 'threads', 'continue', 'T-1'], 'amp main true'],
  ['amp threads list', AMP, ['amp', 'threads', 'list'], null],
  ['amp that serves others', AMP, ['amp', '--no-tui'], null],
  ['amp top', AMP, ['amp', 'top'], null],
  ['amp -x', NODE, ['node', '/usr/bin/amp', '-x', 'hi'], 'amp main false'],
  ['crush', '/usr/bin/crush', ['crush'], 'crush main true'],
  ['crush 0.96.1 from npm', NODE, ['node', '/usr/local/bin/crush'], 'crush wrapper false'],
  ['crush below it', CRUSH, [CRUSH, '--cwd', '/src'], 'crush main true'],
  ['crush run', CRUSH, [CRUSH, 'run', 'hi'], 'crush main false'],
  ['crush server', CRUSH, [CRUSH, 'server'], 'crush helper false'],
  ['crush session list', CRUSH, [CRUSH, 'session', 'list'], null],
  ['aider', '/usr/bin/python3.11', ['/home/u/venv/bin/python', '/home/u/venv/bin/aider'], 'aider main true'],
  ['aider as a module', '/usr/bin/python3.12', ['python3', '-m', 'aider'], 'aider main true'],
  [
    'aider --message',
    '/usr/bin/python3.11',
    ['python3', '/usr/bin/aider', '--message', 'hi'],
    'aider main false',
  ],
  ['goose', '/usr/local/bin/goose', ['goose', 'session'], 'goose main true'],
  ['goose run', '/usr/local/bin/goose', ['goose', 'run', '-t', 'hi'], 'goose main false'],
  ['the other goose migrates databases', '/usr/local/bin/goose', ['goose', 'postgres', 'up'], null],
  [
    'cursor-agent',
    '/home/u/.local/share/cursor-agent/versions/2026.01/node',
    ['/home/u/.local/bin/cursor-agent', '/home/u/.local/share/cursor-agent/versions/2026.01/index.js'],
    'cursor-agent main true',
  ],
  ['a shell', '/usr/bin/bash', ['-bash'], null],
  ['an empty command line', '/usr/bin/x', [], null],
  ['python running code', '/usr/bin/python3', ['python3', '-c', 'claude'], null],
];

describe('agent kinds', () => {
  it.each(rows)('%s', (_name, exe, argv, expected) => {
    const found = recognise(facts({ exe, argv }));
    expect(found && `${found.type.name} ${found.match.role} ${waits(found.match)}`).toBe(expected);
  });

  it('is not interactive without a terminal', () => {
    const modes = (over: Partial<ProcessFacts>) =>
      [['claude'], ['codex']].map(
        argv => recognise(facts({ exe: `/usr/bin/${argv[0]}`, argv, ...over }))?.match,
      );
    const batch = { role: 'main', mode: 'batch' };
    expect(modes({ tty: null })).toEqual([batch, batch]);
    expect(modes({ stdout_tty: false })).toEqual([batch, batch]);
    // `echo x | claude` starts the whole interface.
    expect(modes({ stdin_tty: false })).toEqual([{ role: 'main', mode: 'terminal' }, batch]);
  });

  it('knows the agents that a user describes, before its own', () => {
    const mine = createRecogniser([
      { name: 'my-agent', commands: ['frob'], paths: ['/opt/*/bin/run'] },
      { name: 'my-claude', commands: ['claude'], paths: [], argv_contains: ['--special'] },
    ]);
    const name = (exe: string, argv: string[]) => mine(facts({ exe, argv }))?.type.name;
    expect(name('/usr/bin/frob', ['frob'])).toBe('my-agent');
    expect(name('/usr/bin/python3', ['python3', '/home/u/frob.py'])).toBe('my-agent');
    expect(name('/opt/x/bin/run', ['run'])).toBe('my-agent');
    expect(name('/opt/x/y/bin/run', ['run'])).toBeUndefined();
    expect(name('/usr/bin/bash', ['/bin/bash', '/home/u/bin/frob', '--now'])).toBe('my-agent');
    expect(name('/usr/bin/dash', ['sh', './frob'])).toBe('my-agent');
    expect(name('/usr/bin/python3.11', ['python3', '-u', '/home/u/frob'])).toBe('my-agent');
    expect(name('/usr/bin/perl', ['/usr/bin/perl', '-w', '/home/u/frob'])).toBe('my-agent');
    expect(name('/usr/bin/ruby3.1', ['ruby', '/home/u/frob'])).toBe('my-agent');
    expect(name('/opt/own/interp', ['/opt/own/interp', '/home/u/frob'])).toBeUndefined();
    expect(name('/usr/bin/bash', ['bash', '-c', 'frob'])).toBeUndefined();
    expect(name('/usr/bin/bash', ['bash', '-lc', 'frob'])).toBeUndefined();
    expect(name('/usr/bin/bash', ['bash', '/home/u/frob/run.sh'])).toBeUndefined();
    expect(name('/usr/bin/vim', ['vim', '/home/u/bin/frob'])).toBeUndefined();
    expect(name('/usr/bin/tail', ['/usr/bin/tail', '-f', '/var/log/frob'])).toBeUndefined();
    expect(
      mine(
        facts({ exe: '/opt/own/interp', argv: ['/opt/own/interp', '/home/u/frob'], script: '/home/u/frob' }),
      )?.type.name,
    ).toBe('my-agent');
    expect(name('/usr/bin/claude', ['claude', '--special'])).toBe('my-claude');
    expect(name('/usr/bin/claude', ['claude'])).toBe('claude-code');
  });
});
