import { type AgentType, simpleMatch } from '../agent-type.js';
import { plainTitle } from '../osc.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { activity, title } from '../standard-voices.js';
import type { Word } from '../voice.js';

const NO_CONVERSATION = new Set([
  'mcp',
  'extensions',
  'extension',
  'skills',
  'skill',
  'hooks',
  'hook',
  'gemma',
]);
const TAKES_VALUE = new Set([
  '-m',
  '--model',
  '-p',
  '--prompt',
  '-i',
  '--prompt-interactive',
  '-w',
  '--worktree',
  '--approval-mode',
  '--policy',
  '--admin-policy',
  '--allowed-mcp-server-names',
  '--allowed-tools',
  '-e',
  '--extensions',
  '-r',
  '--resume',
  '--session-file',
  '--session-id',
  '--include-directories',
  '-o',
  '--output-format',
]);

/**
 * Its window title says the state in a sign: `◇  Ready (shop)`, `✦  Working… (shop)` or the subject of its
 * thought, `⏲  Working…` when a tool has said nothing for long, `✋  Action Required (shop)`. With
 * `ui.dynamicWindowTitle` off it says nothing: `Gemini CLI (shop)`.
 */
function readTitle(title: string): Word | null {
  switch (title.slice(0, title.indexOf(' '))) {
    case '◇':
      return { says: 'idle', text: 'window title says Ready' };
    case '✦':
    case '⏲':
      return { says: 'working', text: 'window title says it works' };
    case '✋':
      return { says: 'approval', text: 'window title says Action Required' };
    default:
      return null;
  }
}

/** A title that has no more to say than the state: `◇  Ready (shop)`. */
const STATE_ALONE = /^[◇✦⏲✋] +(Ready|Working…|Action Required) \(.*\) *$/u;

/** Gemini CLI: node starts itself again with more memory; both are `node …/gemini`. */
export const geminiCli: AgentType = {
  name: 'gemini-cli',
  label: 'Gemini CLI',
  match(process, id) {
    if (!isProgram(id, ['gemini'], ['@google/gemini-cli'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    if (hasOption(id.args, '-l', '--list-extensions', '--list-sessions', '--delete-session')) return null;
    if (NO_CONVERSATION.has(subcommand(id.args, TAKES_VALUE) ?? '')) return null;
    return simpleMatch(
      process,
      hasOption(id.args, '-p', '--prompt', '--output-format', '-o', '--experimental-acp', '--acp'),
    );
  },
  voices: [title({ goes_on: false }), activity({ goes_on: true })],
  readTitle,
  plainTitle: title => (STATE_ALONE.test(title) ? '' : plainTitle(title)),
};
