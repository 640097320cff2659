import { type AgentType, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { databaseConversations } from '../../transcripts/database-conversations.js';
import { opencodeDatabase } from './database.js';

const NO_CONVERSATION = [
  'auth',
  'providers',
  'plugin',
  'plug',
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

const TAKES_VALUE = new Set([
  '--log-level',
  '--port',
  '--hostname',
  '--mdns-domain',
  '--cors',
  '-m',
  '--model',
  '-s',
  '--session',
  '--prompt',
  '--agent',
  '--replay-limit',
]);

/**
 * opencode: a native binary (npm puts it in place of its wrapper, as `opencode.exe`); where npm was not
 * allowed to, and before 1.0, a node wrapper `opencode` starts it.
 */
export const opencode: AgentType = {
  name: 'opencode',
  label: 'opencode',
  match(process, id) {
    if (!isProgram(id, ['opencode'], ['opencode-ai'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = subcommand(id.args, TAKES_VALUE);
    if (NO_CONVERSATION.includes(command ?? '')) return null;
    if (id.program !== 'opencode') return { role: 'wrapper' };
    return simpleMatch(process, command === 'run' && !hasOption(id.args, '-i', '--interactive', '--mini'));
  },
  voices: [transcript(), activity({ goes_on: true }), children()],
  files: databaseConversations(
    { variable: 'XDG_DATA_HOME', below_variable: 'opencode', below_home: '.local/share/opencode' },
    opencodeDatabase('opencode.db'),
  ),
};
