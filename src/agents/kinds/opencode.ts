import { hasOption, isProgram, subcommand } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

const NO_CONVERSATION = [
  'auth',
  'agent',
  'upgrade',
  'uninstall',
  'serve',
  'web',
  'models',
  'stats',
  'export',
  'import',
  'github',
  'mcp',
  'acp',
  'debug',
  'session',
  'db',
  'pr',
  'completion',
];

/** opencode: a node wrapper `opencode` starts the native binary of the same name. */
export const opencode: AgentKind = {
  name: 'opencode',
  label: 'opencode',
  match(process, id) {
    if (!isProgram(id, ['opencode'], ['opencode-ai'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = subcommand(id.args);
    if (NO_CONVERSATION.includes(command ?? '')) return null;
    if (id.program !== 'opencode') return { role: 'wrapper', interactive: false };
    return simpleMatch(process, command === 'run');
  },
};
