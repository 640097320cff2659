import { type AgentType, CONVERSATION, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';

/** Gemini CLI and what descends from it: node starts itself again with more memory, and the options are much the same. */

const NO_CONVERSATION = ['mcp', 'extensions', 'hooks', 'hook'];
const NO_TURN = ['--version', '-v', '--help', '-h', '-l', '--list-extensions'];
const ONE_SHOT = ['-p', '--prompt', '--output-format', '-o'];
const SERVES = ['--acp', '--experimental-acp'];
const TAKES_VALUE = [
  ...['-m', '--model', '-p', '--prompt', '-i', '--prompt-interactive', '-e', '--extensions'],
  ...['-r', '--resume', '-o', '--output-format', '--approval-mode', '--allowed-mcp-server-names'],
  ...['--allowed-tools', '--include-directories', '--session-id'],
];

/** What a descendant has of its own. */
interface Own {
  program: string;
  npm: string;
  /** Subcommands and options that hold no conversation. */
  no_conversation: readonly string[];
  no_turn: readonly string[];
  one_shot: readonly string[];
  takes_value: readonly string[];
  /** A prompt among the arguments is answered without a person, unless `-i` is given. */
  prompt_is_one_shot: boolean;
}

export function familyMatch(own: Own): AgentType['match'] {
  const no_conversation = new Set([...NO_CONVERSATION, ...own.no_conversation]);
  const takes_value = new Set([...TAKES_VALUE, ...own.takes_value]);
  return (process, id) => {
    if (!isProgram(id, [own.program], [own.npm])) return null;
    if (hasOption(id.args, ...NO_TURN, ...own.no_turn)) return null;
    const first = subcommand(id.args, takes_value);
    if (no_conversation.has(first ?? '')) return null;
    if (hasOption(id.args, ...SERVES)) return CONVERSATION;
    const prompted =
      own.prompt_is_one_shot && first !== null && !hasOption(id.args, '-i', '--prompt-interactive');
    return simpleMatch(process, prompted || hasOption(id.args, ...ONE_SHOT, ...own.one_shot));
  };
}
