import { type AgentType, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { conversationFiles } from '../../transcripts/conversation-files.js';
import { readClineHead, readClineSession } from './session.js';

const NO_CONVERSATION = new Set([
  ...['auth', 'config', 'plugin', 'skill', 'connect', 'mcp', 'doctor', 'history', 'h', 'hook', 'schedule'],
  ...['hub', 'dashboard', 'update', 'version', 'kanban', 'help'],
]);
const TAKES_VALUE = new Set([
  ...[
    '--auto-approve',
    '-c',
    '--cwd',
    '--thinking',
    '--compaction',
    '--id',
    '-P',
    '--provider',
    '-k',
    '--key',
  ],
  ...[
    '-m',
    '--model',
    '-s',
    '--system',
    '--retries',
    '-t',
    '--timeout',
    '--config',
    '--data-dir',
    '--hooks-dir',
  ],
]);

/**
 * Cline's own terminal program: `node …/cline` starts the native `cline` of `@cline/cli-linux-x64` on the same terminal,
 * and a hub daemon without one. A prompt among the arguments is answered without a person unless `-i` is given.
 */
export const cline: AgentType = {
  name: 'cline',
  label: 'Cline',
  match(process, id) {
    if (!isProgram(id, ['cline'], ['cline/bin', '@cline/cli-linux-x64', '@cline/cli'])) return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h', '--acp', '--update', '--kanban')) return null;
    if (hasOption(id.args, '--cline-hub-daemon')) return { role: 'helper' };
    const first = subcommand(id.args, TAKES_VALUE);
    if (NO_CONVERSATION.has(first ?? '')) return null;
    const prompted = first !== null && !hasOption(id.args, '-i', '--tui');
    return simpleMatch(process, prompted || hasOption(id.args, '--json', '-z', '--zen'));
  },
  voices: [transcript(), activity({ goes_on: true }), children()],
  files: conversationFiles(
    { variable: 'CLINE_DIR', below_home: '.cline' },
    {
      path: ['data', 'sessions', /^\w{1,64}$/, /^\w{1,64}\.json$/],
      readHead: readClineHead,
      stateFiles: path => [path, path.replace(/\.json$/, '.messages.json')],
      readTail: readClineSession,
    },
  ),
};
