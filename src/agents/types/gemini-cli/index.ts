import type { AgentType } from '../../agent-type.js';
import { plainTitle } from '../../osc.js';
import { activity, children, status, title, transcript } from '../../standard-voices.js';
import { laidOutFiles } from '../../transcripts/conversation-files.js';
import type { Statement, Voice } from '../../voice.js';
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

/**
 * With `general.enableNotifications` it also notifies its person through the terminal (OSC 777, in iTerm2 9), in 0.61.0:
 * `Gemini CLI needs your attention`, then `Answer requested by agent` for a question and other words for the rest.
 */
function readNotification(code: number, payload: string): Statement | null {
  if ((code !== 777 && code !== 9) || !payload.includes('Gemini CLI needs your attention')) return null;
  const isQuestion = payload.includes('Answer requested by agent');
  const says = isQuestion ? 'question' : 'approval';
  return { says, text: `its notification asks for ${isQuestion ? 'an answer' : 'an approval'}` };
}

/** It says nothing when it was answered; its title does. */
const READY: Voice['void_when'] = {
  ...{ removed_after_ms: null, never_worked: false, without_keys: false },
  said_since: { voice: 'title', says: 'idle' },
};

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
  voices: [status({ void_when: READY }), title({ goes_on: false }), activity({ goes_on: true }), children()],
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
  readOsc: readNotification,
  plainTitle: title => (STATE_ALONE.test(title) ? '' : plainTitle(title)),
};
