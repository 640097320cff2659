import type { TranscriptEntry } from '../../../model/observation.js';
import { detailOf, jsonLines, text, timeOf } from '../../transcripts/jsonl.js';
import { type ApiFailure, apiFailure, isFailure, resetTime } from './api-error.js';

/** It never waits for longer between two attempts. */
const LONGEST_WAIT_MS = 60_000;
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
  let resets_at_ms: number | null = null;
  let requested_ms: number | null = null;
  let queued = 0;
  let has_agents = false;
  const open = new Map<string, ToolUse>();
  for (const line of jsonLines(tail)) {
    if (line.isSidechain === true) continue;
    session_id = text(line.sessionId) ?? session_id;
    const time_ms = timeOf(line.timestamp);
    if (isRequest(line) && time_ms !== null) {
      if (requested_ms !== null) {
        phase = 'retrying';
        at_ms = time_ms;
        resets_at_ms = nextAttempt(requested_ms, time_ms);
      }
      requested_ms = time_ms;
      continue;
    }
    queued = queuedAfter(line, queued);
    const next = readLine(line, open);
    if (isEnd(line)) has_agents = Number(line.pendingBackgroundAgentCount) > 0;
    else if (next !== null) has_agents = false;
    if (next === null || (isFailure(phase) && isEnd(line))) continue;
    requested_ms = null;
    phase = next;
    at_ms = time_ms ?? at_ms;
    resets_at_ms = resetOf(line, phase, at_ms);
  }
  if (phase === null) return null;
  if (phase === 'retrying' || phase === 'limit')
    return { phase, detail: null, session_id, at_ms, resets_at_ms };
  const pending = [...open.values()].at(-1);
  if (phase === 'turn_over' || pending === undefined) {
    const entry = { phase: phase === 'tool' ? ('working' as const) : phase, detail: null, session_id, at_ms };
    return queued > 0 || has_agents ? { ...entry, goes_on: true } : entry;
  }
  return {
    phase: pending.name === QUESTION ? 'question' : 'tool',
    detail: pending.detail,
    session_id,
    at_ms,
  };
}

/** Prompts, and news of sub-agents and shells in the background, wait in a queue until the turn is over. */
function queuedAfter({ type, operation }: Record<string, unknown>, before: number): number {
  if (type !== 'queue-operation') return before;
  if (operation === 'enqueue') return before + 1;
  return operation === 'dequeue' || operation === 'remove' ? Math.max(0, before - 1) : 0;
}

/** Newer versions (2.1.332) write down each request; another one without an answer in between is another attempt. */
function isRequest({ type, querySource }: Record<string, unknown>): boolean {
  return type === 'api-request' && text(querySource)?.startsWith('repl_main_thread') === true;
}

/** Each time it waits for twice as long. */
function nextAttempt(before_ms: number, last_ms: number): number {
  return last_ms + Math.min(2 * Math.max(0, last_ms - before_ms), LONGEST_WAIT_MS);
}

function readLine(
  line: Record<string, unknown>,
  open: Map<string, ToolUse>,
): TranscriptEntry['phase'] | null {
  if (line.type === 'system') {
    // With each attempt, in versions that write it: `retryAttempt`, `maxRetries`, `retryInMs`.
    if (line.subtype === 'api_error' && typeof line.retryAttempt === 'number') return 'retrying';
    return isEnd(line) ? over(open) : null;
  }
  if (line.type !== 'user' && line.type !== 'assistant') return null;
  const message = line.message as { content?: unknown; stop_reason?: unknown } | undefined;
  const content = message?.content;
  if (typeof content === 'string') {
    if (isLocalCommand(content)) return null;
    return content.startsWith('[Request interrupted') ? over(open) : 'working';
  }
  if (!Array.isArray(content)) return null;
  if (line.isApiErrorMessage === true) return over(open, apiFailure(line, messageText(content)));
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

function over(
  open: Map<string, ToolUse>,
  how: 'turn_over' | ApiFailure = 'turn_over',
): 'turn_over' | ApiFailure {
  open.clear();
  return how;
}

/** The line that follows the end of each turn, however it ended. */
function isEnd({ type, subtype }: Record<string, unknown>): boolean {
  return type === 'system' && subtype === 'turn_duration';
}

/** `/model` and the like, and what they printed: no turn. What a command has to say to the model comes as a line of its own. */
function isLocalCommand(content: string): boolean {
  return /^<(command-(name|message)|local-command-|bash-(input|stdout|stderr))/.test(content);
}

function messageText(content: readonly unknown[]): string {
  return (content as { text?: unknown }[]).map(block => text(block?.text) ?? '').join(' ');
}

function resetOf(
  line: Record<string, unknown>,
  phase: TranscriptEntry['phase'],
  at_ms: number,
): number | null {
  if (phase === 'retrying') return at_ms + (typeof line.retryInMs === 'number' ? line.retryInMs : 0);
  if (phase !== 'limit') return null;
  const content = (line.message as { content?: unknown } | undefined)?.content;
  return resetTime(Array.isArray(content) ? messageText(content) : '', at_ms);
}
