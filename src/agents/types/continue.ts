import type { TranscriptEntry } from '../../model/observation.js';
import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { activity, children, transcript } from '../standard-voices.js';
import { conversationFiles } from '../transcripts/conversation-files.js';
import type { ConversationHead } from '../transcripts/conversation-folder.js';

const NO_CONVERSATION = new Set(['login', 'logout', 'ls', 'serve', 'remote', 'checks', 'review', 'help']);
const TAKES_VALUE = new Set([
  ...['--config', '--org', '--rule', '--mcp', '--model', '--prompt', '--allow', '--ask', '--exclude'],
  ...['--agent', '--format', '--fork'],
]);

/** Continue's terminal program `cn`, on node. */
export const continueCli: AgentType = {
  name: 'continue',
  label: 'Continue',
  match(process, id) {
    if (!isProgram(id, id.program === 'cn' ? [] : ['cn'], ['@continuedev/cli'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    if (NO_CONVERSATION.has(subcommand(id.args, TAKES_VALUE) ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--print'));
  },
  voices: [
    // Its spinner goes on while it asks. It writes down no failure of the API, but its spinner ends.
    transcript({ drawing_refutes_after_ms: null, silence_refutes_after_ms: 3_000, hangs_after_ms: null }),
    activity({ goes_on: true }),
    children(),
  ],
  files: conversationFiles(
    { variable: 'CONTINUE_GLOBAL_DIR', below_home: '.continue' },
    { path: ['sessions', /^[\da-f-]{36}\.json$/], readHead: readContinueHead, readTail: readContinueSession },
  ),
};

export function readContinueHead(head: string): ConversationHead | 'later' {
  const cwd = /"workspaceDirectory": ("[^"\n]{1,4096}")/.exec(head)?.[1];
  if (cwd === undefined) return 'later';
  try {
    return { cwd: JSON.parse(cwd) as string, began_ms: null, pid: null };
  } catch {
    return 'later';
  }
}

/**
 * The state of a conversation, from the end of its file (`~/.continue/sessions/ID.json`, as written by 1.5.47), which is
 * one JSON object. Quotes in a string of JSON have a backslash, so that no message can speak for the file. A tool is
 * `generated` while it asks for permission, `calling` while it runs; an answer that is whole has its `usage`.
 */
export function readContinueSession(tail: string): TranscriptEntry | null {
  const last = tail.slice(tail.lastIndexOf('"role": "'));
  const role = /^"role": "(\w+)"/.exec(last)?.[1];
  if (role === undefined) return null;
  return { ...phaseOf(role, last), session_id: null, at_ms: 0 };
}

function phaseOf(role: string, last: string): Pick<TranscriptEntry, 'phase' | 'detail'> {
  if (role !== 'assistant') return { phase: 'working', detail: null };
  const names = [...last.matchAll(/"name": "(\w{1,64})",\s*"arguments"/g)].map(([, name]) => name ?? '');
  const states = [...last.matchAll(/"status": "(\w{1,32})"/g)].map(([, status]) => status);
  const asks = states.indexOf('generated');
  const runs = states.indexOf('calling');
  const detail = names.at(-1) ?? null;
  if (runs >= 0) return { phase: detail === 'AskQuestion' ? 'question' : 'working', detail };
  if (asks >= 0) return { phase: 'approval', detail };
  const isWhole = /"usage": \{[^}]*"model"/.test(last);
  return {
    phase: states.length === 0 && names.length === 0 && isWhole ? 'turn_over' : 'working',
    detail: null,
  };
}
