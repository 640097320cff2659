import type { AgentType } from '../../agent-type.js';
import { plainTitle } from '../../osc.js';
import { activity, children, title, transcript } from '../../standard-voices.js';
import { laidOutFiles } from '../../transcripts/conversation-files.js';
import type { Statement } from '../../voice.js';
import { readGeminiChat } from './chat.js';
import { GeminiChats } from './chats.js';
import { familyMatch } from './family.js';

/**
 * Its window title says the state in a sign: `◇  Ready (shop)`, `✦  Working… (shop)` or the subject of its
 * thought, `⏲  Working…` when a tool has said nothing for long, `✋  Action Required (shop)`. With
 * `ui.dynamicWindowTitle` off it says nothing: `Gemini CLI (shop)`.
 */
function readTitle(title: string): Statement | null {
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
  match: familyMatch({
    program: 'gemini',
    npm: '@google/gemini-cli',
    no_conversation: ['extension', 'skills', 'skill', 'gemma'],
    no_turn: ['--list-sessions', '--delete-session'],
    one_shot: [],
    takes_value: ['-w', '--worktree', '--policy', '--admin-policy', '--session-file'],
    prompt_is_one_shot: false,
  }),
  voices: [title({ goes_on: false }), activity({ goes_on: true }), children()],
  voices_in_conversations: [transcript(), activity({ goes_on: true }), children()],
  // Which call it is, its chat says only when that has ended; those that need no leave end at once.
  waitsForLeave: () => true,
  files: {
    ...laidOutFiles(
      { variable: 'GEMINI_CLI_HOME', below_variable: '.gemini', below_home: '.gemini' },
      'chats',
      context => new GeminiChats(context),
      { readTail: readGeminiChat },
    ),
    only_conversations: true,
  },
  readTitle,
  plainTitle: title => (STATE_ALONE.test(title) ? '' : plainTitle(title)),
};
