import type { Mode } from '../../../model/agent.js';
import type { ProcessFacts } from '../../../model/observation.js';
import type { AgentType } from '../../agent-type.js';
import { hasOption, type Identity, isProgram, valuesOf } from '../../recognition/identity.js';
import { isShellCommand } from '../../recognition/shell.js';
import { activity, children, registry, title, transcript } from '../../standard-voices.js';
import { ClaudeFiles } from './files.js';

/** Subcommands that hold no conversation themselves: what they lead to is another process. */
const TOOLS = new Set([
  ...['mcp', 'config', 'doctor', 'update', 'upgrade', 'install', 'setup-token', 'plugin', 'plugins', 'auth'],
  ...['auto-mode', 'migrate-installer', 'login', 'logout', 'gateway', 'import', 'project', 'ultrareview'],
  ...['agents', 'attach', 'logs', 'stop', 'rm', 'kill', 'respawn', 'daemon', 'remote-control', 'server'],
]);

/** A background session is started, or its terminal held, by a process with one of these; it is another process. */
const HOLDERS = ['--bg', '--background', '--bg-pty-host', '--bg-daemon'];

const PACKAGES = [
  ...[
    '@anthropic-ai/claude-code',
    '@anthropic-ai/claude-code-linux-x64',
    '@anthropic-ai/claude-code-linux-arm64',
  ],
  ...['@anthropic-ai/claude-code-linux-x64-musl', '@anthropic-ai/claude-code-linux-arm64-musl'],
];
/** Applications on its SDK run the agent that comes with it. */
const SDK_SCRIPT = /\/@anthropic-ai\/claude-(agent-sdk|code)\/cli\.m?js$/;

/**
 * Claude Code: a native binary `claude` (npm, `claude.exe` inside the package), a version number as file
 * name when the native installer put it there (`~/.local/share/claude/versions/2.1.233`), or, before that,
 * `node …/@anthropic-ai/claude-code/cli.js`, which calls itself `claude`.
 */
function isClaude(id: Identity): boolean {
  if (/\/claude\/versions\/[^/]+$/.test(id.exe)) return true;
  return isProgram(id, ['claude'], PACKAGES) || (id.script !== null && SDK_SCRIPT.test(id.script));
}

/** The native binary also carries tools such as ripgrep and runs them under their own argv[0]. */
function isEmbeddedTool(id: Identity): boolean {
  return id.script === null && id.called !== '' && !/^(claude|cli|node|bun|\d+(\.\d+)+.*)$/.test(id.called);
}

/** Since 2.1.236 it shows no spinner in tmux, only its topic: `✳` means nothing there. */
const NO_SPINNER = { removed_after_ms: null, never_worked: true, said_since: null, without_keys: false };

/** Its title and its session file come with its first prompt, and with no dialog before that. */
const DIALOG = { says: 'idle', after_ms: null, unspoken: 'question' } as const;

/**
 * With its output on a terminal it draws its whole interface there, whatever its input is; without one it answers once. An
 * editor or an application that talks with it streams messages both ways.
 */
function modeOf(process: ProcessFacts, { args }: Identity): Mode {
  const streams = valuesOf(args, '--input-format').includes('stream-json');
  if (streams || hasOption(args, '--sdk-url')) return 'conversation';
  if (hasOption(args, '-p', '--print', '--output-format', '--input-format')) return 'batch';
  return process.tty !== null && process.stdout_tty !== false ? 'terminal' : 'batch';
}

export const claudeCode: AgentType = {
  name: 'claude-code',
  label: 'Claude Code',
  match(process, id) {
    if (!isClaude(id) || isEmbeddedTool(id)) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', ...HOLDERS)) return null;
    const command = id.args[0];
    if (command !== undefined && TOOLS.has(command)) return null;
    // In stock for the next background session; it never learns of it by its arguments.
    if (hasOption(id.args, '--bg-spare')) return { role: 'main', mode: 'terminal', dormant: true };
    return { role: 'main', mode: modeOf(process, id) };
  },
  voices: [
    registry(),
    title({ void_when: NO_SPINNER }),
    transcript(),
    activity({ goes_on: true, asserts: ['working', 'question', 'idle'], silence: DIALOG }),
    children(),
  ],
  files: {
    folder: { variable: 'CLAUDE_CONFIG_DIR', below_home: '.claude' },
    open: context => new ClaudeFiles(context),
  },
  isTool(argv) {
    // Its hooks and status line are shell commands too; only the Bash tool sources a snapshot or evals.
    return isShellCommand(argv) && argv.some(arg => arg.includes('/shell-snapshots/') || /\beval /.test(arg));
  },
  waitsForLeave: detail => /^(Bash|Edit|MultiEdit|Write|NotebookEdit)\b/.test(detail ?? ''),
  readRegistry({ status, waiting_for }) {
    if (status !== 'waiting') return status === 'busy' ? 'working' : status && 'idle';
    // Questions are called a permission prompt, too: the transcript knows.
    return /permission|approv/i.test(waiting_for ?? 'permission') ? 'approval' : 'question';
  },
  readTitle(title) {
    // A spinner of braille, dots or half circles in front while it works, `✳` when it does not.
    if (/^[\u2800-\u28ff·✢✶✻✽◐◑◒◓] /u.test(title))
      return { says: 'working', text: 'window title shows its spinner' };
    if (title.startsWith('✳')) return { says: 'idle', text: 'window title shows no spinner' };
    return null;
  },
};
