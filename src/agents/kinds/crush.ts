import { hasOption, isProgram, subcommand } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

/** Charm's Crush; the npm package carries the native binary. */
export const crush: AgentKind = {
  name: 'crush',
  label: 'Crush',
  match(process, id) {
    if (!isProgram(id, ['crush'], ['@charmland/crush'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = subcommand(id.args);
    if (
      [
        'completion',
        'dirs',
        'help',
        'login',
        'logs',
        'models',
        'projects',
        'schema',
        'update-providers',
      ].includes(command ?? '')
    )
      return null;
    if (id.program !== 'crush') return { role: 'wrapper', interactive: false };
    return simpleMatch(process, command === 'run');
  },
};
