import type { TranscriptEntry } from '../../../model/observation.js';
import type { FoundConversation } from '../../transcripts/conversations.js';
import type { DatabaseFormat } from '../../transcripts/databases/conversations.js';
import type { DatabaseView } from '../../transcripts/databases/read.js';
import { stateWithSubagent, type Told } from '../../transcripts/databases/subagent.js';
import { refusal } from '../../transcripts/failures.js';
import { detailOf, text } from '../../transcripts/jsonl.js';

/**
 * Crush's database (`.crush/crush.db` in the project or above it), as its published source has it (internal/db, tables
 * `sessions` and `messages`; internal/message, the parts of a message as JSON; August 2026). It names no process and no
 * directory.
 */
export const crushDatabase: DatabaseFormat = {
  file: '.crush/crush.db',
  tables: ['sessions', 'messages'],
  list,
  read,
  has: (view, session) => view.rows('SELECT id FROM sessions WHERE id = ?', session).length > 0,
};

type Json = Record<string, unknown>;

/** Longer JSON than this has the output of a tool: that tool has answered. */
const MAX_PARTS_BYTES = 64 * 1024;
const MAX_SESSIONS = 50;
/** Of the last turn: a step is a message, and one with the result of each of its calls. */
const MAX_MESSAGES = 30;
/** Tools that ask a person, and those that start an agent below. */
const QUESTIONS = new Set(['question', 'request_user_input']);
const SUBAGENTS = new Set(['agent', 'agentic_fetch']);

function list(view: DatabaseView, folder: string): FoundConversation[] {
  const rows = view.rows(
    `SELECT id, created_at, updated_at, message_count FROM sessions WHERE coalesce(parent_session_id, '') = ''
     ORDER BY updated_at DESC LIMIT ${MAX_SESSIONS}`,
  );
  return rows.map(row => ({
    path: String(row.id),
    cwd: folder,
    began_ms: inMs(row.created_at),
    // It grows when it is written to: assign() asks for no more.
    size: Number(row.message_count),
    written_ms: inMs(row.updated_at),
    pid: null,
    file: null,
  }));
}

/** Its columns are said to be milliseconds; its statements write seconds. */
function inMs(time: unknown): number {
  const number = Number(time);
  return number < 1e11 ? number * 1000 : number;
}

function read(view: DatabaseView, session: string): TranscriptEntry | null {
  return stateWithSubagent(
    stateOf(view, session),
    tool => SUBAGENTS.has(tool),
    () => {
      const [child] = view.rows(
        'SELECT id FROM sessions WHERE parent_session_id = ? ORDER BY updated_at DESC LIMIT 1',
        session,
      );
      return child === undefined ? null : stateOf(view, String(child.id));
    },
  );
}

function stateOf(view: DatabaseView, session: string): Told | null {
  const rows = view.rows(
    `SELECT role, updated_at, CASE WHEN octet_length(parts) <= ${MAX_PARTS_BYTES} THEN parts END AS parts
     FROM messages WHERE session_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ${MAX_MESSAGES}`,
    session,
  );
  const messages = rows.map(({ role, parts }) => ({ role: String(role), parts: partsIn(parts) }));
  const said = readCrushMessages(messages);
  if (said === null) return null;
  return { ...said, entry: { ...said.entry, at_ms: inMs(rows[0]?.updated_at) } };
}

export interface CrushMessage {
  role: string;
  parts: readonly { type: string; data: Json }[];
}

/** What the messages of a conversation say of its state, the last first. */
export function readCrushMessages(messages: readonly CrushMessage[]): Told | null {
  const at = messages.findIndex(({ role }) => role === 'assistant' || role === 'user');
  const last = messages[at];
  if (last === undefined) return null;
  if (last.role === 'user') return say('working', null);
  const answered = new Set(
    messages.slice(0, at).flatMap(({ parts }) => dataOf(parts, 'tool_result').map(one => one.tool_call_id)),
  );
  const [finish] = dataOf(last.parts, 'finish');
  if (finish !== undefined && finish.reason !== 'tool_use') return over(finish);
  const open = dataOf(last.parts, 'tool_call').find(call => call.finished === true && !answered.has(call.id));
  if (open === undefined) return say('working', null);
  const name = text(open.name) ?? 'tool';
  return say(QUESTIONS.has(name) ? 'question' : 'tool', detailOf(name, open.input), name);
}

function say(phase: TranscriptEntry['phase'], detail: string | null, tool: string | null = null): Told {
  return { entry: { phase, detail, session_id: null, at_ms: 0 }, tool };
}

function over({ reason, message, details }: Json): Told {
  if (reason !== 'error') return say('turn_over', null);
  const { phase, detail } = refusal([message, details].filter(Boolean).join(': '));
  return say(phase, detail);
}

function dataOf(parts: CrushMessage['parts'], type: string): Json[] {
  return parts.filter(part => part.type === type).map(({ data }) => data);
}

function partsIn(json: unknown): CrushMessage['parts'] {
  try {
    const parts: unknown = JSON.parse(String(json));
    if (!Array.isArray(parts)) return [];
    return parts.filter(part => typeof part?.data === 'object' && part.data !== null);
  } catch {
    return [];
  }
}
