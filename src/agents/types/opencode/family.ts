import { type AgentType, CONVERSATION, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { databaseConversations } from '../../transcripts/databases/conversations.js';
import { opencodeDatabase } from './database.js';

const NO_CONVERSATION = [
  'auth',
  'providers',
  'plugin',
  'plug',
  'agent',
  'upgrade',
  'uninstall',
  'models',
  'stats',
  'export',
  'import',
  'github',
  'mcp',
  'debug',
  'session',
  'db',
  'pr',
  'completion',
];

/** With a person in an editor, a browser or a terminal elsewhere. */
const SERVES = ['serve', 'web', 'acp'];

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

/** What opencode and who descends from it have of their own. */
interface Own {
  name: string;
  label: string;
  program: string;
  packages: readonly string[];
  /** Subcommands that hold no conversation, besides opencode's. */
  no_conversation: readonly string[];
  /** Below the folder of the user's data. */
  folder: string;
  database: string;
}

/**
 * A native binary (npm puts it in place of its wrapper, as `opencode.exe`); where npm was not allowed to, and before 1.0,
 * a node wrapper of the same name starts it.
 */
export function opencodeFamily(own: Own): AgentType {
  const no_conversation = new Set([...NO_CONVERSATION, ...own.no_conversation]);
  return {
    name: own.name,
    label: own.label,
    match(process, id) {
      if (!isProgram(id, [own.program], own.packages)) return null;
      if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
      const command = subcommand(id.args, TAKES_VALUE);
      if (no_conversation.has(command ?? '')) return null;
      if (id.program !== own.program) return { role: 'wrapper' };
      if (SERVES.includes(command ?? '')) return CONVERSATION;
      return simpleMatch(process, command === 'run' && !hasOption(id.args, '-i', '--interactive', '--mini'));
    },
    voices: [transcript(), activity({ goes_on: true }), children()],
    waitsForLeave: detail => /^(bash|edit|write|patch|multiedit)\b/.test(detail ?? ''),
    files: databaseConversations(
      { variable: 'XDG_DATA_HOME', below_variable: own.folder, below_home: `.local/share/${own.folder}` },
      opencodeDatabase(own.database),
    ),
  };
}
