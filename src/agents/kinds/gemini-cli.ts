import { hasOption, isProgram, subcommand } from './identity.js';
import { type AgentKind, simpleMatch } from './kind.js';

/** Gemini CLI: node starts itself again with more memory; both are `node …/gemini`. */
export const geminiCli: AgentKind = {
  name: 'gemini-cli',
  label: 'Gemini CLI',
  match(process, id) {
    if (!isProgram(id, ['gemini'], ['@google/gemini-cli'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', '--list-extensions')) return null;
    if (['mcp', 'extensions', 'extension', 'skills', 'hooks'].includes(subcommand(id.args) ?? ''))
      return null;
    return simpleMatch(
      process,
      hasOption(id.args, '-p', '--prompt', '--output-format', '-o', '--experimental-acp', '--acp'),
    );
  },
};
