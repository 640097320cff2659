import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';

const TAKES_VALUE = new Set(['-c', '--cwd', '-D', '--data-dir', '-H', '--host', '-s', '--session']);

/**
 * Charm's Crush, a native binary; from npm it is started by `node …/run-crush.js`. With CRUSH_CLIENT_SERVER
 * a detached `crush server` does the work for all terminals.
 */
export const crush: AgentType = {
  name: 'crush',
  label: 'Crush',
  match(process, id) {
    if (!isProgram(id, ['crush'], ['@charmland/crush'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = subcommand(id.args, TAKES_VALUE);
    if (
      [
        'auth',
        'completion',
        'dirs',
        'help',
        'login',
        'logout',
        'logs',
        'models',
        'projects',
        'schema',
        'session',
        'stats',
        'update-providers',
      ].includes(command ?? '')
    )
      return null;
    if (id.program !== 'crush') return { role: 'wrapper' };
    if (command === 'server') return { role: 'helper' };
    return simpleMatch(process, command === 'run');
  },
  voices: SEEN_FROM_OUTSIDE,
};
