import type { AgentType } from '../../agent-type.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { conversationFiles } from '../../transcripts/conversation-files.js';
import { familyMatch } from '../gemini-cli/family.js';
import { readQwenChat, readQwenHead } from './chat.js';

const TAKES_VALUE = [
  ...['--add-dir', '--append-system-prompt', '--auth-type', '--channel'],
  ...['--core-tools', '--disabled-slash-commands', '--exclude-tools', '--input-file'],
  ...['--input-format', '--json-fd', '--json-file', '--json-schema'],
  ...['--max-session-turns', '--mcp-config', '--openai-api-key', '--openai-base-url'],
  ...['--openai-logging-dir', '--proxy', '--sandbox-image', '--system-prompt'],
  ...['--telemetry-otlp-endpoint', '--telemetry-otlp-protocol', '--telemetry-outfile', '--telemetry-target'],
];

/**
 * Qwen Code, a descendant of Gemini CLI with the same shape: node starts itself again. Unlike there, a
 * prompt among the arguments is answered without a person unless `-i` is given.
 */
export const qwenCode: AgentType = {
  name: 'qwen-code',
  label: 'Qwen Code',
  match: familyMatch({
    program: 'qwen',
    npm: '@qwen-code/qwen-code',
    no_conversation: ['auth', 'channel', 'review'],
    no_turn: [],
    one_shot: ['--json-schema'],
    takes_value: TAKES_VALUE,
    prompt_is_one_shot: true,
  }),
  voices: [
    // A turn that ends in an error has no record, but its spinner ends.
    transcript({ silence_refutes_after_ms: 3_000, hangs_after_ms: null }),
    activity({ goes_on: true }),
    children(),
  ],
  files: conversationFiles(
    { variable: 'QWEN_HOME', below_home: '.qwen' },
    {
      path: ['projects', /^[\w.-]+$/, 'chats', /^[\da-f-]{36}\.(runtime\.json|jsonl)$/],
      readHead: readQwenHead,
      stateFiles: path => [path.replace(/\.runtime\.json$/, '.jsonl')],
      readTail: readQwenChat,
    },
  ),
};
