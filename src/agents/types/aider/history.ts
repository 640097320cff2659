import { printable } from '../../../lib/text/printable.js';
import type { TranscriptEntry, TranscriptPhase } from '../../../model/observation.js';
import { refusal } from '../../transcripts/failures.js';

/**
 * The state of an aider chat, from the end of `.aider.chat.history.md`, as its published source writes it (aider/io.py,
 * aider/coders/base_coder.py; May 2026): `#### ` before each line of a prompt; the answer once it is whole; `> ` before what
 * aider says itself, `Tokens: …` after each answer. What it asks about (a file, a command, an address) stands there before
 * the question, and the question only with its answer.
 */
export function readAiderHistory(tail: string): TranscriptEntry | null {
  const chat = tail.slice(Math.max(0, tail.lastIndexOf('\n# aider chat started at ')));
  let said: Said = { phase: 'turn_over', detail: null, answers: false };
  for (const line of chat.split('\n')) said = after(line.trim(), said);
  const { phase, detail } = said;
  return { phase, detail, session_id: null, at_ms: 0 };
}

interface Said {
  phase: TranscriptPhase;
  detail: string | null;
  /** The model's own words follow, which may look like anything. */
  answers: boolean;
}

/** Commands that ask the model, or take their time; the others are done at once. */
const WORKING_COMMANDS = /^\/(ask|code|architect|context|help|commit|lint|test|run|web|voice|undo|git)\b|^!/;

function after(line: string, before: Said): Said {
  if (line.startsWith('#### ')) return prompted(line.slice(5));
  if (line === '' || line.startsWith('# aider chat')) return before;
  if (!line.startsWith('> ')) return { phase: 'working', detail: null, answers: true };
  return spoken(line.slice(2), before);
}

function prompted(words: string): Said {
  const isOver = words.startsWith('/') && !WORKING_COMMANDS.test(words);
  return { phase: isOver ? 'turn_over' : 'working', detail: null, answers: false };
}

const say = (phase: TranscriptPhase, detail: string | null = null): Said => ({
  ...{ phase, answers: false },
  detail: detail === null ? null : printable(detail, 200),
});

/** What it says itself and asks nothing about. */
const NOTES =
  /^(Applied edit|Did not apply|Skipping|Commit [\da-f]{4,}|Committing|You can use \/undo|Cost:|Added |Adding |Creating |Dropping |Removed |Repo-map|Warmed|Summarized|Finished|Loaded|Use \/|No changes|Only |Restored|Initial prompt|Model:|Git repo:|Aider v|Weak model|Main model|Editor model|Newer aider)/;

function spoken(words: string, before: Said): Said {
  if (words.startsWith('Tokens: ')) return say('turn_over');
  // The model's own quotation.
  if (before.answers) return before;
  const answer = answerIn(words);
  if (answer !== undefined) return say(/[ya]/i.test(answer) ? 'working' : 'turn_over');
  if (/^Retrying in /.test(words)) return say('retrying');
  if (/^(litellm\.\w*Error|The API provider)/.test(words)) {
    const { phase, detail } = refusal(words);
    // The first of several lines says which error it was.
    return phase === 'error' && isFailure(before.phase) ? before : say(phase, detail);
  }
  if (/^(Scraping|Starting to summarize)/.test(words)) return say('working');
  // Runs; and asks what is to become of its output.
  if (words.startsWith('Running ')) return say('tool', words);
  if (NOTES.test(words) || isFailure(before.phase)) return before;
  return say('tool', words);
}

/** Of `Run it? (Y)es/(N)o [Yes]: y`. In one pass: a line may repeat the question thousands of times. */
function answerIn(words: string): string | undefined {
  const at = words.indexOf('(Y)es/(N)o');
  return at < 0 ? undefined : /^.*\]: *(\w)/.exec(words.slice(at))?.[1];
}

function isFailure(phase: TranscriptPhase): boolean {
  return phase === 'limit' || phase === 'auth' || phase === 'error';
}
