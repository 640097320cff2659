import type { TranscriptEntry } from '../../../model/observation.js';
import { detailOf, jsonLines, text, timeOf } from '../../transcripts/jsonl.js';

/**
 * The state of a GitHub Copilot CLI conversation, from the end of its log
 * (`~/.copilot/session-state/ID/events.jsonl`, as written by 1.0.102: `{type, data, timestamp}`).
 *
 * Null when the text says nothing about a turn.
 */
export function readCopilotEvents(tail: string): TranscriptEntry | null {
  const turn = new Turn();
  let at_ms = 0;
  for (const line of jsonLines(tail)) {
    const data = (line.data ?? {}) as Record<string, unknown>;
    if (turn.take(line.type, data)) at_ms = timeOf(line.timestamp) ?? at_ms;
  }
  return turn.phase === null ? null : { phase: turn.phase, detail: turn.detail, session_id: null, at_ms };
}

/** What a person asks for is one turn here; Copilot counts each answer of the model as one. */
class Turn {
  private state: 'unknown' | 'running' | 'over' = 'unknown';
  private readonly tools = new Map<string, { detail: string; asks: boolean }>();
  private readonly requests = new Set<string>();
  /** The present answer called a tool: the model is asked again with its result. */
  private goesOn = false;

  get phase(): TranscriptEntry['phase'] | null {
    if (this.state !== 'running') return this.state === 'over' ? 'turn_over' : null;
    if (this.requests.size > 0) return 'approval';
    // Not `tool`, which leaves open whether it asks: here it says so.
    return [...this.tools.values()].some(tool => tool.asks) ? 'question' : 'working';
  }

  get detail(): string | null {
    return [...this.tools.values()].at(-1)?.detail ?? null;
  }

  /** False for what says nothing of a turn. */
  take(type: unknown, data: Record<string, unknown>): boolean {
    const call = text(data.toolCallId) ?? '';
    const request = text(data.requestId) ?? '';
    switch (type) {
      case 'user.message':
      case 'assistant.turn_start':
        return this.begin('running');
      case 'assistant.turn_end':
        return this.begin(this.goesOn ? 'running' : 'over');
      case 'abort':
      case 'session.error':
      case 'session.shutdown':
        return this.begin('over');
      case 'tool.execution_start': {
        const name = text(data.toolName) ?? 'tool';
        this.tools.set(call, { detail: detailOf(name, data.arguments), asks: name === 'ask_user' });
        this.goesOn = true;
        break;
      }
      case 'tool.execution_complete':
        this.tools.delete(call);
        break;
      case 'permission.requested':
        this.requests.add(request);
        break;
      case 'permission.completed':
        this.requests.delete(request);
        break;
      default:
        return false;
    }
    this.state = 'running';
    return true;
  }

  private begin(state: 'running' | 'over'): true {
    this.state = state;
    this.tools.clear();
    this.requests.clear();
    this.goesOn = false;
    return true;
  }
}
