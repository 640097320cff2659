import type { TranscriptEntry } from '../../../model/observation.js';
import type { ConversationHead } from '../../transcripts/conversation-folder.js';
import { jsonLines, text, timeOf } from '../../transcripts/jsonl.js';

type Json = Record<string, unknown>;

/**
 * A conversation of Gemini CLI (`~/.gemini/tmp/PROJECT/chats/session-TIME-ID.jsonl`, as written by 0.61): its first line names
 * it, each message is a line, and `{"$set": …}` changes what stands before. The folder of the project stands in
 * `.project_root` beside `chats`.
 */
export function readGeminiHead(head: string): ConversationHead | 'later' | 'never' {
  const [line] = jsonLines(head);
  if (line === undefined) return head.includes('\n') ? 'never' : 'later';
  const id = text(line.sessionId);
  // A sub-agent's is another kind.
  if (id === null || (line.kind !== undefined && line.kind !== 'main')) return 'never';
  return { cwd: null, began_ms: timeOf(line.startTime), pid: null, id };
}

/** What a conversation says of its state, by its end. Null: no prompt was sent yet. */
export function readGeminiChat(tail: string): TranscriptEntry | null {
  let last: TranscriptEntry | null = null;
  for (const line of jsonLines(tail)) last = readMessage(line) ?? last;
  return last;
}

function readMessage(line: Json): TranscriptEntry | null {
  const at_ms = timeOf(line.timestamp);
  if (at_ms === null) return null;
  const say = (phase: TranscriptEntry['phase']) => ({ phase, detail: null, session_id: null, at_ms });
  if (line.type === 'user') return say('working');
  if (line.type !== 'gemini') return null;
  const answered = Array.isArray(line.toolCalls) && line.toolCalls.length > 0;
  if (answered) return say('working');
  // What it calls stands there only when that has ended; an answer that says nothing calls something.
  const { content } = line;
  const isEmpty = content === '' || (Array.isArray(content) && content.length === 0);
  return say(isEmpty ? 'tool' : 'turn_over');
}
