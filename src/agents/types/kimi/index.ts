import { type AgentType, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { conversationFiles } from '../../transcripts/conversation-files.js';
import { readKimiState, readKimiWire } from './wire.js';

const NO_CONVERSATION = new Set([
  ...['export', 'fork', 'provider', 'session', 'acp', 'web', 'server', 'rc', 'remote', 'login', 'logout'],
  ...['doctor', 'vis', 'install-desktop', 'migrate', 'upgrade', 'update', 'mcp', 'info', 'term', 'help'],
]);
const TAKES_VALUE = new Set([
  ...['-S', '--session', '-m', '--model', '-p', '--prompt', '--output-format', '--skills-dir', '--agent'],
  ...['--agent-file', '--add-dir'],
]);

/** Kimi Code, on node (npm `@moonshot-ai/kimi-code`); before that `kimi-cli`, a Python program of the same name. */
export const kimi: AgentType = {
  name: 'kimi',
  label: 'Kimi Code',
  match(process, id) {
    if (!isProgram(id, ['kimi', 'kimi-cli'], ['@moonshot-ai/kimi-code'])) return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h')) return null;
    if (NO_CONVERSATION.has(subcommand(id.args, TAKES_VALUE) ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--prompt', '--acp', '--print'));
  },
  voices: [transcript(), activity({ goes_on: true }), children()],
  files: conversationFiles(
    { variable: 'KIMI_CODE_HOME', below_home: '.kimi-code' },
    {
      path: ['sessions', /^wd_/, /^session_/, 'state.json'],
      readHead: readKimiState,
      stateFiles: path => [path.replace(/state\.json$/, 'agents/main/wire.jsonl')],
      readTail: readKimiWire,
    },
  ),
};
