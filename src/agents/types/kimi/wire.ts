import type { TranscriptEntry, TranscriptPhase } from '../../../model/observation.js';
import type { ConversationHead } from '../../transcripts/conversation-folder.js';
import { refusal } from '../../transcripts/failures.js';
import { detailOf, jsonLines, text } from '../../transcripts/jsonl.js';

type Line = Record<string, unknown>;

/** Whose a conversation is, from `~/.kimi-code/sessions/wd_X/session_Y/state.json`. */
export function readKimiState(head: string): ConversationHead | 'later' {
  try {
    const { cwd, createdAt } = JSON.parse(head) as Line;
    if (typeof cwd !== 'string' || typeof createdAt !== 'number') return 'later';
    return { cwd, began_ms: createdAt, pid: null };
  } catch {
    return 'later';
  }
}

/**
 * The state of a Kimi Code conversation, from the end of `agents/main/wire.jsonl` beside it, as written by 2.1.0:
 * `turn.prompt`, `interaction.request` (kind `approval`, `question`) and `interaction.resolved`, `turn.step.retrying`,
 * `turn.ended` with its reason. `time` is ms since the epoch.
 */
export function readKimiWire(tail: string): TranscriptEntry | null {
  let phase: TranscriptPhase | null = null;
  let at_ms = 0;
  const open = new Map<string, { phase: 'approval' | 'question'; detail: string }>();
  let detail: string | null = null;
  for (const line of jsonLines(tail)) {
    const next = phaseAfter(line, open);
    if (next === null) continue;
    phase = next;
    at_ms = typeof line.time === 'number' ? line.time : at_ms;
    detail = line.type === 'turn.ended' ? (refusalOf(line)?.detail ?? null) : detailIn(line, detail);
  }
  if (phase === null) return null;
  const asked = [...open.values()].at(-1);
  if (asked !== undefined) return { ...asked, session_id: null, at_ms };
  return { phase, detail, session_id: null, at_ms };
}

function phaseAfter(
  line: Line,
  open: Map<string, { phase: 'approval' | 'question'; detail: string }>,
): TranscriptPhase | null {
  switch (line.type) {
    case 'turn.prompt':
      open.clear();
      return 'working';
    case 'context.append_loop_event':
      return 'working';
    case 'interaction.request': {
      const phase = line.kind === 'question' ? 'question' : 'approval';
      open.set(String(line.id), { phase, detail: askedIn(line) });
      return phase;
    }
    case 'interaction.resolved':
      open.delete(String(line.id));
      return 'working';
    case 'turn.step.retrying':
      return 'retrying';
    case 'turn.ended':
      open.clear();
      return refusalOf(line)?.phase ?? 'turn_over';
    default:
      return null;
  }
}

function refusalOf(line: Line): { phase: 'limit' | 'auth' | 'error'; detail: string | null } | null {
  if (line.reason === 'completed' || line.reason === 'cancelled' || line.reason === 'aborted') return null;
  const error = (line.error ?? {}) as Line;
  if (line.reason !== 'failed' && line.reason !== 'error') return null;
  const message = text(error.message) ?? text(line.errorMessage) ?? '';
  return refusal(message, Number(error.statusCode ?? line.statusCode) || null);
}

function askedIn({ request }: Line): string {
  const asked = (request ?? {}) as Line;
  const questions = asked.questions as Line[] | undefined;
  if (Array.isArray(questions)) return detailOf(text(questions[0]?.question) ?? 'question', null);
  const payload = (asked.payload ?? asked) as Line;
  return detailOf(
    text(payload.toolName) ?? text(payload.action) ?? 'tool',
    payload.args ?? payload.input ?? null,
  );
}

function detailIn(line: Line, before: string | null): string | null {
  const event = (line.event ?? {}) as Line;
  if (event.type === 'tool.call') return detailOf(text(event.name) ?? 'tool', event.args);
  if (event.type === 'tool.result' || line.type === 'turn.prompt') return null;
  return before;
}
