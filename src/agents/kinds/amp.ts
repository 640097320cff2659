import { hasOption, isProgram, subcommand } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

/** Sourcegraph Amp. */
export const amp: AgentKind = {
  name: 'amp',
  label: 'Amp',
  match(process, id) {
    if (!isProgram(id, ['amp'], ['@sourcegraph/amp'])) return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h')) return null;
    if (
      ['login', 'logout', 'mcp', 'permissions', 'tools', 'update', 'doctor', 'skill'].includes(
        subcommand(id.args) ?? '',
      )
    )
      return null;
    return simpleMatch(process, hasOption(id.args, '-x', '--execute', '--stream-json'));
  },
};
