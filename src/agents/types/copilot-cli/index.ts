import { type AgentType, CONVERSATION, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { CopilotFiles } from './files.js';

const NO_CONVERSATION = new Set([
  'app',
  'login',
  'help',
  'init',
  'config',
  'update',
  'version',
  'workflow',
  'sessions',
  'memories',
  'plugin',
  'mcp',
  'skill',
  'instruction',
  'lsp',
  'sandbox',
  'completion',
]);

/**
 * GitHub Copilot CLI: `node …/copilot` starts the native `copilot` of `@github/copilot-linux-x64` on the same
 * terminal; before 1.0 node ran it all, so both are taken for the agent, and the inner one counts.
 */
export const copilotCli: AgentType = {
  name: 'copilot-cli',
  label: 'GitHub Copilot CLI',
  match(process, id) {
    if (!isProgram(id, ['copilot'], ['@github/copilot', '@github/copilot-linux-x64'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', '--headless')) return null;
    if (hasOption(id.args, '--acp')) return CONVERSATION;
    // It takes no other positional arguments, so a subcommand comes first.
    if (NO_CONVERSATION.has(id.args[0] ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--prompt'));
  },
  voices: [transcript(), activity({ goes_on: true }), children()],
  files: {
    folder: { variable: 'COPILOT_HOME', below_home: '.copilot' },
    open: context => new CopilotFiles(context),
  },
};
