import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram } from '../recognition/identity.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';

/** Block's Goose: only `goose`, `goose session` and `goose run -s` talk to a person. */
export const goose: AgentType = {
  name: 'goose',
  label: 'Goose',
  match(process, id) {
    if (!isProgram(id, ['goose'])) return null;
    // pressly/goose, the database migration tool, has the same name: its commands are not among these.
    const command = id.args[0];
    if (command !== undefined && !['session', 's', 'run'].includes(command)) return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h')) return null;
    return simpleMatch(process, command === 'run' && !hasOption(id.args, '-s', '--interactive'));
  },
  voices: SEEN_FROM_OUTSIDE,
};
