import type { TranscriptEntry } from '../../../model/observation.js';
import { detailOf, jsonLines, text, timeOf } from '../../transcripts/jsonl.js';

/** The tool that asks the person instead of doing something. */
const QUESTION = 'AskUserQuestion';

interface ToolUse {
  id: string;
  name: string;
  detail: string;
}

/**
 * The state of a Claude Code conversation, from the end of its transcript
 * (`~/.claude/projects/<directory>/<session>.jsonl`, as written by 2.1.197: one JSON object a line, `type`
 * user, assistant or system among others; an assistant line holds one content block).
 *
 * Null when the text says nothing about a turn.
 */
export function readClaudeTranscript(tail: string): TranscriptEntry | null {
  let phase: TranscriptEntry['phase'] | null = null;
  let at_ms = 0;
  let session_id: string | null = null;
  const open = new Map<string, ToolUse>();
  for (const line of jsonLines(tail)) {
    if (line.isSidechain === true) continue;
    session_id = text(line.sessionId) ?? session_id;
    const next = readLine(line, open);
    if (next === null) continue;
    phase = next;
    at_ms = timeOf(line.timestamp) ?? at_ms;
  }
  if (phase === null) return null;
  const pending = [...open.values()].at(-1);
  if (phase === 'turn_over' || pending === undefined) {
    return { phase: phase === 'tool' ? 'working' : phase, detail: null, session_id, at_ms };
  }
  return {
    phase: pending.name === QUESTION ? 'question' : 'tool',
    detail: pending.detail,
    session_id,
    at_ms,
  };
}

function readLine(
  line: Record<string, unknown>,
  open: Map<string, ToolUse>,
): TranscriptEntry['phase'] | null {
  if (line.type === 'system') return line.subtype === 'turn_duration' ? over(open) : null;
  if (line.type !== 'user' && line.type !== 'assistant') return null;
  const message = line.message as { content?: unknown; stop_reason?: unknown } | undefined;
  const content = message?.content;
  if (typeof content === 'string') return content.startsWith('[Request interrupted') ? over(open) : 'working';
  if (!Array.isArray(content)) return null;
  if (line.isApiErrorMessage === true) return over(open);
  let phase: TranscriptEntry['phase'] = 'working';
  for (const block of content as Record<string, unknown>[]) {
    if (block?.type === 'tool_use') {
      const name = text(block.name) ?? 'tool';
      open.set(String(block.id), { id: String(block.id), name, detail: detailOf(name, block.input) });
      phase = 'tool';
    } else if (block?.type === 'tool_result') {
      open.delete(String(block.tool_use_id));
    } else if (
      line.type === 'user' &&
      block?.type === 'text' &&
      text(block.text)?.startsWith('[Request interrupted')
    ) {
      return over(open);
    }
  }
  if (phase === 'working' && line.type === 'assistant' && message?.stop_reason === 'end_turn')
    return over(open);
  return phase;
}

function over(open: Map<string, ToolUse>): 'turn_over' {
  open.clear();
  return 'turn_over';
}
