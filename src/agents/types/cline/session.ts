import type { TranscriptEntry } from '../../../model/observation.js';
import type { ConversationHead } from '../../transcripts/conversation-folder.js';
import { refusal } from '../../transcripts/failures.js';
import { text, timeOf } from '../../transcripts/jsonl.js';

/**
 * Cline's session file (`~/.cline/data/sessions/ID/ID.json`, as written by 3.0.65) names its process, and says `running`,
 * `pending` while a tool waits for permission, `idle` when the turn is over.
 */
export function readClineHead(head: string): ConversationHead | 'later' | 'never' {
  const session = parsed(head);
  if (session === null) return 'later';
  if (session.interactive !== true || typeof session.pid !== 'number') return 'never';
  return { cwd: text(session.cwd), began_ms: timeOf(session.started_at), pid: session.pid };
}

/** The same file with the messages beside it, which alone know that a tool that runs is a question. */
export function readClineSession(file: string, messages = ''): TranscriptEntry | null {
  const session = parsed(file);
  const said = session === null ? null : stateOf(text(session.status), messages);
  if (said === null) return null;
  return { detail: null, ...said, session_id: text(session?.session_id), at_ms: 0 };
}

function stateOf(
  status: string | null,
  messages: string,
): Pick<TranscriptEntry, 'phase'> | Pick<TranscriptEntry, 'phase' | 'detail'> | null {
  switch (status) {
    case 'running': {
      const tool = openTool(messages);
      return tool !== null && /^ask_/.test(tool) ? { phase: 'question', detail: tool } : { phase: 'working' };
    }
    case 'pending':
      return { phase: 'approval', detail: openTool(messages) };
    case 'idle':
    case 'completed':
    case 'cancelled':
      return errorAtEnd(messages) ?? { phase: 'turn_over' };
    case 'failed':
      return { phase: 'error' };
    default:
      return null;
  }
}

/** The name of the tool that was called last and has not answered. In a string of JSON quotes have a backslash. */
function openTool(messages: string): string | null {
  const calls = [
    ...messages.matchAll(/"type": "tool_use",\s*"id": "([^"\\]{1,200})",\s*"name": "(\w{1,64})"/g),
  ];
  const last = calls.at(-1);
  if (last === undefined) return null;
  return messages.includes(`"tool_use_id": "${last[1]}"`) ? null : (last[2] ?? null);
}

function errorAtEnd(messages: string): Pick<TranscriptEntry, 'phase' | 'detail'> | null {
  const last = messages.slice(messages.lastIndexOf('"role": "'));
  if (!last.includes('"displayRole": "error"')) return null;
  return refusal(/"text": "([^"\\]{0,300})/.exec(last)?.[1] ?? '');
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return null;
  }
}
