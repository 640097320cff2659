import { hasOption, isProgram } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

/** GitHub Copilot CLI. */
export const copilotCli: AgentKind = {
  name: 'copilot-cli',
  label: 'GitHub Copilot CLI',
  match(process, id) {
    if (!isProgram(id, ['copilot'], ['@github/copilot'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', '--acp', '--headless')) return null;
    if (['help', 'login', 'plugin', 'update', 'version', 'init'].includes(id.args[0] ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--prompt'));
  },
};
