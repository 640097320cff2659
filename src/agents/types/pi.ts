import type { TranscriptEntry, TranscriptPhase } from '../../model/observation.js';
import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram } from '../recognition/identity.js';
import { activity, children, transcript } from '../standard-voices.js';
import { conversationFiles } from '../transcripts/conversation-files.js';
import type { ConversationHead } from '../transcripts/conversation-folder.js';
import { refusal } from '../transcripts/failures.js';
import { detailOf, jsonLines, text, timeOf } from '../transcripts/jsonl.js';

const NO_CONVERSATION = new Set(['install', 'remove', 'uninstall', 'update', 'list', 'config']);

/**
 * pi, on node (npm `@earendil-works/pi-coding-agent`, before that `@mariozechner/pi-coding-agent`). It asks no permission.
 */
export const pi: AgentType = {
  name: 'pi',
  label: 'pi',
  match(process, id) {
    // Others have so short a name: the package must be there, or its title.
    const named = id.called === 'pi' && id.program !== 'pi';
    if (!named && !isProgram(id, [], PACKAGES) && !isPiScript(id.script)) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h', '--list-models', '--export')) return null;
    if (NO_CONVERSATION.has(id.args[0] ?? '')) return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--print', '--mode'));
  },
  voices: [transcript(), activity({ goes_on: true }), children()],
  files: conversationFiles(
    { variable: 'PI_CODING_AGENT_DIR', below_home: '.pi/agent' },
    {
      path: ['sessions', /^--.*--$/, /^[\w.:-]+\.jsonl$/],
      readHead: readPiHead,
      readTail: readPiSession,
    },
  ),
};

/** `retry.maxRetries` of its settings, unless they say otherwise; each try that failed is a message. */
const RETRIES = 3;
const PACKAGES = ['@earendil-works/pi-coding-agent', '@mariozechner/pi-coding-agent'];

/** npm's link: `…/bin/pi`. */
function isPiScript(script: string | null): boolean {
  return script !== null && /\/bin\/pi$/.test(script);
}

export function readPiHead(head: string): ConversationHead | 'later' | 'never' {
  const [line] = jsonLines(head);
  if (line === undefined) return head.includes('\n') ? 'never' : 'later';
  const began_ms = timeOf(line.timestamp);
  const cwd = text(line.cwd);
  return line.type === 'session' && cwd !== null && began_ms !== null
    ? { cwd, began_ms, pid: null }
    : 'never';
}

/**
 * The state of a pi conversation, from the end of its file (`~/.pi/agent/sessions/--CWD--/TIME_ID.jsonl`): messages of
 * `user`, `assistant` (with `stopReason`) and `toolResult`, as written by 0.74.2.
 */
export function readPiSession(tail: string): TranscriptEntry | null {
  let entry: TranscriptEntry | null = null;
  let refusals = 0;
  for (const line of jsonLines(tail)) {
    const message = line.message as Record<string, unknown> | undefined;
    if (line.type !== 'message' || message === undefined) continue;
    const { phase, detail } = after(message);
    refusals = message.stopReason === 'error' ? refusals + 1 : 0;
    const triesAgain = refusals > 0 && refusals <= RETRIES && phase !== 'auth';
    const at_ms = timeOf(line.timestamp) ?? 0;
    entry = { phase: triesAgain ? 'retrying' : phase, detail, session_id: null, at_ms };
  }
  return entry;
}

function after(message: Record<string, unknown>): { phase: TranscriptPhase; detail: string | null } {
  if (message.role !== 'assistant') return { phase: 'working', detail: null };
  switch (message.stopReason) {
    case 'toolUse': {
      const calls = (Array.isArray(message.content) ? message.content : []) as Record<string, unknown>[];
      const call = calls.findLast(({ type }) => type === 'toolCall');
      return { phase: 'working', detail: detailOf(text(call?.name) ?? 'tool', call?.arguments) };
    }
    case 'error':
      return refusal(text(message.errorMessage) ?? '');
    default:
      return { phase: 'turn_over', detail: null };
  }
}
