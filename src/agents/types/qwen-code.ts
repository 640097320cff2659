import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { activity } from '../standard-voices.js';

const NO_CONVERSATION = new Set(['mcp', 'extensions', 'auth', 'hooks', 'hook', 'channel', 'review']);
const TAKES_VALUE = new Set([
  '-m',
  '--model',
  '-p',
  '--prompt',
  '-i',
  '--prompt-interactive',
  '-r',
  '--resume',
  '-e',
  '--extensions',
  '-o',
  '--output-format',
  '--add-dir',
  '--include-directories',
  '--allowed-mcp-server-names',
  '--allowed-tools',
  '--append-system-prompt',
  '--approval-mode',
  '--auth-type',
  '--channel',
  '--core-tools',
  '--disabled-slash-commands',
  '--exclude-tools',
  '--input-file',
  '--input-format',
  '--json-fd',
  '--json-file',
  '--json-schema',
  '--max-session-turns',
  '--mcp-config',
  '--openai-api-key',
  '--openai-base-url',
  '--openai-logging-dir',
  '--proxy',
  '--sandbox-image',
  '--session-id',
  '--system-prompt',
  '--telemetry-otlp-endpoint',
  '--telemetry-otlp-protocol',
  '--telemetry-outfile',
  '--telemetry-target',
]);

/**
 * Qwen Code, a descendant of Gemini CLI with the same shape: node starts itself again. Unlike there, a
 * prompt among the arguments is answered without a person unless `-i` is given.
 */
export const qwenCode: AgentType = {
  name: 'qwen-code',
  label: 'Qwen Code',
  match(process, id) {
    if (!isProgram(id, ['qwen'], ['@qwen-code/qwen-code'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', '-l', '--list-extensions')) return null;
    const first = subcommand(id.args, TAKES_VALUE);
    if (NO_CONVERSATION.has(first ?? '')) return null;
    const prompted = first !== null && !hasOption(id.args, '-i', '--prompt-interactive');
    const oneShot = [
      '-p',
      '--prompt',
      '--output-format',
      '-o',
      '--json-schema',
      '--acp',
      '--experimental-acp',
    ];
    return simpleMatch(process, prompted || hasOption(id.args, ...oneShot));
  },
  voices: [activity({ goes_on: true })],
};
