import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram } from '../recognition/identity.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';

/** aider, a Python program: `python …/bin/aider`, `python -m aider`. */
export const aider: AgentType = {
  name: 'aider',
  label: 'aider',
  match(process, id) {
    if (!isProgram(id, ['aider'], ['aider-chat', 'aider'])) return null;
    if (hasOption(id.args, '--version', '--help', '-h', '--list-models', '--models')) return null;
    return simpleMatch(
      process,
      hasOption(
        id.args,
        '-m',
        '--message',
        '--msg',
        '-f',
        '--message-file',
        '--commit',
        '--lint',
        '--test',
        '--apply',
        '--gui',
        '--browser',
      ),
    );
  },
  voices: SEEN_FROM_OUTSIDE,
};
