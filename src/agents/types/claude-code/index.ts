import { type AgentType, onTerminal } from '../../agent-type.js';
import { hasOption, type Identity, isProgram, subcommand } from '../../recognition/identity.js';
import { isShellCommand } from '../../recognition/shell.js';
import { activity, children, registry, title, transcript } from '../../standard-voices.js';
import { ClaudeFiles } from './files.js';

/** Subcommands that hold no conversation. */
const TOOLS = new Set([
  'mcp',
  'config',
  'doctor',
  'update',
  'upgrade',
  'install',
  'setup-token',
  'plugin',
  'plugins',
  'auth',
  'auto-mode',
  'migrate-installer',
  'login',
  'logout',
]);

/**
 * Claude Code: a native binary `claude` (npm, `claude.exe` inside the package), a version number as file
 * name when the native installer put it there (`~/.local/share/claude/versions/2.1.233`), or, before that,
 * `node …/@anthropic-ai/claude-code/cli.js`, which calls itself `claude`.
 */
function isClaude(id: Identity): boolean {
  if (/\/claude\/versions\/[^/]+$/.test(id.exe)) return true;
  return isProgram(
    id,
    ['claude'],
    [
      '@anthropic-ai/claude-code',
      '@anthropic-ai/claude-code-linux-x64',
      '@anthropic-ai/claude-code-linux-arm64',
    ],
  );
}

/** The native binary also carries tools such as ripgrep and runs them under their own argv[0]. */
function isEmbeddedTool(id: Identity): boolean {
  return id.script === null && id.called !== '' && !/^(claude|cli|node|bun|\d+(\.\d+)+.*)$/.test(id.called);
}

/** Since 2.1.236 it shows no spinner in tmux, only its topic: `✳` means nothing there. */
const NO_SPINNER = { removed_after_ms: null, never_worked: true, said_since: null, without_keys: false };

export const claudeCode: AgentType = {
  name: 'claude-code',
  label: 'Claude Code',
  match(process, id) {
    if (!isClaude(id) || isEmbeddedTool(id)) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = id.args[0];
    if (command !== undefined && TOOLS.has(command)) return null;
    const oneShot =
      hasOption(id.args, '-p', '--print', '--output-format', '--input-format', '--sdk-url') ||
      subcommand(id.args) === 'remote-control';
    return { role: 'main', interactive: !oneShot && onTerminal(process) };
  },
  voices: [
    registry(),
    title({ void_when: NO_SPINNER }),
    transcript(),
    activity({ goes_on: true }),
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
