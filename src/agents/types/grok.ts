import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { activity } from '../standard-voices.js';

const TAKES_VALUE = new Set([
  ...['-d', '--directory', '-k', '--api-key', '-u', '--base-url', '-m', '--model', '-p', '--prompt'],
  '--max-tool-rounds',
]);

/** Grok CLI (npm `@vibe-kit/grok-cli`), on node. It writes down nothing of its conversations: its drawing alone tells. */
export const grok: AgentType = {
  name: 'grok',
  label: 'Grok CLI',
  match(process, id) {
    if (!isProgram(id, id.program === 'grok' ? [] : ['grok'], ['@vibe-kit/grok-cli'])) return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h')) return null;
    if (['git', 'mcp'].includes(subcommand(id.args, TAKES_VALUE) ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--prompt'));
  },
  voices: [activity({ goes_on: true })],
};
