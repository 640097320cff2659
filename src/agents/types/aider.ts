import { type AgentKind, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram } from '../recognition/identity.js';

/** aider, a Python program: `python …/bin/aider`, `python -m aider`. */
export const aider: AgentKind = {
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
};
