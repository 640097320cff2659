import { hasOption, isProgram, subcommand } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

/** Qwen Code, a descendant of Gemini CLI with the same shape. */
export const qwenCode: AgentKind = {
  name: 'qwen-code',
  label: 'Qwen Code',
  match(process, id) {
    if (!isProgram(id, ['qwen'], ['@qwen-code/qwen-code'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    if (['mcp', 'extensions', 'auth'].includes(subcommand(id.args) ?? '')) return null;
    return simpleMatch(
      process,
      hasOption(id.args, '-p', '--prompt', '--output-format', '-o', '--acp', '--experimental-acp'),
    );
  },
};
