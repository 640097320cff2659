import { type AgentType, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram } from '../../recognition/identity.js';
import { activity, blockedRead, children, transcript } from '../../standard-voices.js';
import { AiderFiles } from './files.js';

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
  voices: [
    // Not every question stands in its chat, nor the end of every command; its spinner ends.
    transcript({ silence_refutes_after_ms: 3_000, hangs_after_ms: null }),
    blockedRead(),
    activity({ goes_on: true }),
    children(),
  ],
  files: { folder: 'project', open: context => new AiderFiles(context) },
};
