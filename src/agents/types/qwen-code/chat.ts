import type { TranscriptEntry, TranscriptPhase } from '../../../model/observation.js';
import type { ConversationHead } from '../../transcripts/conversation-folder.js';
import { detailOf, jsonLines, text, timeOf } from '../../transcripts/jsonl.js';

type Json = Record<string, unknown>;

/**
 * Whose a conversation of Qwen Code is: since 0.24 `chats/ID.runtime.json` names the process; before that, the first line
 * of `chats/ID.jsonl` the folder and the time.
 */
export function readQwenHead(head: string, path: string): ConversationHead | 'later' | 'never' {
  if (path.endsWith('.runtime.json')) return runtimeOf(head);
  const [line] = jsonLines(head);
  if (line === undefined) return head.includes('\n') ? 'never' : 'later';
  const cwd = text(line.cwd);
  const began_ms = timeOf(line.timestamp);
  return cwd === null || began_ms === null ? 'never' : { cwd, began_ms, pid: null };
}

function runtimeOf(json: string): ConversationHead | 'later' {
  try {
    const { pid, work_dir, started_at } = JSON.parse(json) as Json;
    if (typeof pid !== 'number' || typeof started_at !== 'number') return 'later';
    return { cwd: text(work_dir), began_ms: started_at * 1000, pid };
  } catch {
    return 'later';
  }
}

/**
 * The state of a conversation from the end of `~/.qwen/projects/CWD/chats/ID.jsonl`: records of `user`, `assistant` (with
 * the calls of tools among its parts) and `tool_result`. Turns are as 0.15.10 wrote them, calls as its published source has
 * them. Failures of the API are among the records of `system`, without a word whether it tries again.
 */
export function readQwenChat(tail: string): TranscriptEntry | null {
  let entry: TranscriptEntry | null = null;
  const open = new Map<string, { name: string; detail: string }>();
  for (const line of jsonLines(tail)) {
    const said = after(line, open);
    if (said === null) continue;
    entry = { ...said, session_id: null, at_ms: timeOf(line.timestamp) ?? 0 };
  }
  return entry;
}

type Said = { phase: TranscriptPhase; detail: string | null };

function after(line: Json, open: Map<string, { name: string; detail: string }>): Said | null {
  switch (line.type) {
    case 'user':
      open.clear();
      return { phase: 'working', detail: null };
    case 'assistant':
      for (const call of callsIn(line)) open.set(call.id, call);
      return open.size > 0 ? asked(open) : { phase: 'turn_over', detail: null };
    case 'tool_result':
      for (const part of partsOf(line)) open.delete(idOf(part.functionResponse as Json | undefined));
      return open.size > 0 ? asked(open) : { phase: 'working', detail: null };
    default:
      return null;
  }
}

function asked(open: ReadonlyMap<string, { name: string; detail: string }>): Said {
  const calls = [...open.values()];
  const question = calls.find(({ name }) => name === 'ask_user_question');
  const { detail = null } = question ?? calls.at(-1) ?? {};
  return { phase: question === undefined ? 'tool' : 'question', detail };
}

function partsOf(line: Json): Json[] {
  const { parts } = (line.message ?? {}) as { parts?: unknown };
  return Array.isArray(parts) ? (parts as Json[]) : [];
}

function callsIn(line: Json): { id: string; name: string; detail: string }[] {
  return partsOf(line).flatMap(({ functionCall }) => {
    if (typeof functionCall !== 'object' || functionCall === null) return [];
    const call = functionCall as Json;
    const name = text(call.name) ?? 'tool';
    return [{ id: idOf(call), name, detail: detailOf(name, call.args) }];
  });
}

/** Where a call has no id, its tool tells which it is. */
function idOf(call: Json | undefined): string {
  return text(call?.id) ?? text(call?.name) ?? '';
}
