import type { TranscriptEntry } from '../../../model/observation.js';
import type { FoundConversation } from '../../transcripts/conversations.js';
import type { DatabaseFormat } from '../../transcripts/databases/conversations.js';
import type { DatabaseView } from '../../transcripts/databases/read.js';
import { stateWithSubagent, type Told } from '../../transcripts/databases/subagent.js';
import { refusal } from '../../transcripts/failures.js';
import { detailOf, text } from '../../transcripts/jsonl.js';

/**
 * opencode's database (`~/.local/share/opencode/opencode.db`, as written by 1.18.33; Kilo's CLI descends from it):
 * sessions, their messages, and the parts of these, whose `data` is JSON. It names no process.
 */
export function opencodeDatabase(file: string): DatabaseFormat {
  return { file, tables: ['session', 'message', 'part'], list, read, has };
}

/** Longer JSON than this has the output of a tool: that tool has answered. */
const MAX_DATA_BYTES = 64 * 1024;
const MAX_SESSIONS = 50;
const MAX_PARTS = 50;

function list(view: DatabaseView): FoundConversation[] {
  const rows = view.rows(
    `SELECT id, directory, time_created, time_updated FROM session
     WHERE parent_id IS NULL AND ${isKept(view)} AND octet_length(directory) <= 4096 ORDER BY time_updated DESC LIMIT ${MAX_SESSIONS}`,
  );
  return rows.map(row => ({
    path: String(row.id),
    cwd: String(row.directory),
    began_ms: Number(row.time_created),
    // It grows when it is written to: assign() asks for no more.
    size: Number(row.time_updated),
    written_ms: Number(row.time_updated),
    pid: null,
    file: null,
  }));
}

/** SQL for what its person has not put away. Older versions, and what descends from them, cannot. */
function isKept(view: DatabaseView): string {
  const column = view.rows(
    "SELECT name FROM pragma_table_info('session') WHERE name = 'time_archived' LIMIT 1",
  );
  return column.length > 0 ? 'time_archived IS NULL' : 'TRUE';
}

function has(view: DatabaseView, session: string): boolean {
  return view.rows(`SELECT id FROM session WHERE id = ? AND ${isKept(view)} LIMIT 1`, session).length > 0;
}

function read(view: DatabaseView, session: string): TranscriptEntry | null {
  return stateWithSubagent(
    stateOf(view, session),
    tool => tool === 'task',
    () => {
      const [child] = view.rows(
        'SELECT id FROM session WHERE parent_id = ? ORDER BY time_updated DESC LIMIT 1',
        session,
      );
      return child === undefined ? null : stateOf(view, String(child.id));
    },
  );
}

function stateOf(view: DatabaseView, session: string): Told | null {
  const [row] = view.rows(
    `SELECT id, time_updated, data FROM message WHERE session_id = ? AND octet_length(data) <= ${MAX_DATA_BYTES}
     ORDER BY time_created DESC, id DESC LIMIT 1`,
    session,
  );
  const message = parsed(row?.data);
  if (row === undefined || message === null) return null;
  const parts = view.rows(
    `SELECT data FROM part WHERE message_id = ? AND octet_length(data) <= ${MAX_DATA_BYTES}
     ORDER BY id DESC LIMIT ${MAX_PARTS}`,
    String(row.id),
  );
  const said = readOpencodeMessage(
    message,
    parts.map(part => parsed(part.data)).filter(part => part !== null),
  );
  return { entry: { ...said.entry, at_ms: Number(row.time_updated) }, tool: said.tool };
}

type Json = Record<string, unknown>;

/** What the last message of a conversation says of its state; `parts`, the last first. */
export function readOpencodeMessage(message: Json, parts: readonly Json[]): Told {
  const say = (phase: TranscriptEntry['phase'], detail: string | null, tool: string | null = null): Told => ({
    entry: { phase, detail, session_id: null, at_ms: 0 },
    tool,
  });
  if (message.role !== 'assistant') return say('working', null);
  const error = message.error as Json | undefined;
  if (error !== undefined) return failed(error, say);
  const open = parts.find(part => part.type === 'tool' && isOpen(part.state as Json | undefined));
  if (open !== undefined) {
    const name = text(open.tool) ?? 'tool';
    const state = open.state as Json;
    const detail = detailOf(name, state.input);
    if (name === 'question') return say('question', detail, name);
    // What a command says is there from its start on, which comes once it is allowed.
    return say(name === 'bash' && state.metadata !== undefined ? 'working' : 'tool', detail, name);
  }
  const { completed } = (message.time ?? {}) as Json;
  const isOver = completed !== undefined && message.finish !== 'tool-calls';
  return say(isOver ? 'turn_over' : 'working', null);
}

function isOpen(state: Json | undefined): boolean {
  return state?.status === 'running';
}

function failed(error: Json, say: (phase: TranscriptEntry['phase'], detail: string | null) => Told): Told {
  if (error.name === 'MessageAbortedError') return say('turn_over', null);
  const data = (error.data ?? {}) as Json;
  const { phase, detail } = refusal(text(data.message) ?? '', Number(data.statusCode) || null);
  return say(error.name === 'ProviderAuthError' ? 'auth' : phase, detail);
}

function parsed(json: unknown): Json | null {
  try {
    return typeof json === 'string' ? (JSON.parse(json) as Json) : null;
  } catch {
    return null;
  }
}
