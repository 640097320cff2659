import type { Mode } from '../../../model/agent.js';
import type { TranscriptEntry, TranscriptPhase } from '../../../model/observation.js';
import { detailOf, jsonLines, text, timeOf } from '../../transcripts/jsonl.js';

/**
 * The state of a Codex conversation, from the end of its rollout file
 * (`$CODEX_HOME/sessions/Y/M/D/rollout-*.jsonl`, as written by 0.169: `{timestamp, type, payload}`).
 *
 * Null when the text says nothing about a turn.
 */
export function readCodexRollout(tail: string): TranscriptEntry | null {
  let phase: TranscriptEntry['phase'] | null = null;
  let at_ms = 0;
  let resets_at_ms: number | null = null;
  const open = new Map<string, string>();
  for (const line of jsonLines(tail)) {
    const payload = line.payload as Record<string, unknown> | undefined;
    const time_ms = timeOf(line.timestamp) ?? at_ms;
    if (payload?.type === 'token_count') resets_at_ms = quotaReset(payload.rate_limits, time_ms);
    const next = readLine(line.type, payload, open);
    // Older versions write the error first, and then only that the task is complete.
    if (next === null || (next === 'turn_over' && isFailure(phase))) continue;
    phase = next;
    at_ms = time_ms;
  }
  if (phase === null) return null;
  const entry = { phase, detail: null, session_id: null, at_ms };
  if (phase === 'limit') return { ...entry, resets_at_ms };
  if (phase !== 'working' && phase !== 'tool') return entry;
  const detail = [...open.values()].at(-1) ?? null;
  return { ...entry, phase: detail === null ? 'working' : 'tool', detail };
}

function readLine(
  type: unknown,
  payload: Record<string, unknown> | undefined,
  open: Map<string, string>,
): TranscriptEntry['phase'] | null {
  const what = payload?.type;
  if (type === 'event_msg') {
    if (what === 'task_started') return fresh(open, 'working');
    if (what === 'task_complete' && isObject(payload?.error)) return fresh(open, failureOf(payload.error));
    if (what === 'task_complete' || what === 'turn_aborted') return fresh(open, 'turn_over');
    if (what === 'error') return fresh(open, failureOf(payload ?? {}));
    if (what === 'stream_error') return fresh(open, 'retrying');
    return null;
  }
  if (type !== 'response_item' || payload === undefined) return null;
  const id = String(payload.call_id);
  if (what === 'function_call' || what === 'custom_tool_call' || what === 'local_shell_call') {
    open.set(
      id,
      detailOf(text(payload.name) ?? 'tool', payload.arguments ?? payload.input ?? payload.action),
    );
    return 'tool';
  }
  if (what === 'function_call_output' || what === 'custom_tool_call_output') {
    open.delete(id);
    return 'working';
  }
  return null;
}

type Failure = Extract<TranscriptPhase, 'limit' | 'auth' | 'error'>;

function isFailure(phase: TranscriptPhase | null): boolean {
  return phase === 'limit' || phase === 'auth' || phase === 'error';
}

/**
 * `codex_error_info`: a name (`usage_limit_exceeded`, `unauthorized`, …), or a name and the status of the answer:
 * `{"http_connection_failed":{"http_status_code":401}}`.
 */
function failureOf({ codex_error_info: info, message }: Record<string, unknown>): Failure {
  const named = text(info) ?? JSON.stringify(info ?? '');
  if (/usage_limit|quota|"http_status_code":(402|429)\b/.test(named)) return 'limit';
  if (/unauthorized|"http_status_code":401\b/.test(named)) return 'auth';
  const words = info === undefined ? (text(message) ?? '') : '';
  if (/usage limit|quota exceeded|\b(402|429)\b/i.test(words)) return 'limit';
  return /\b401\b|log ?in again|not logged in/i.test(words) ? 'auth' : 'error';
}

/**
 * When the last of the used up windows ends, of `rate_limits`: `{primary: {used_percent, window_minutes, resets_at}, …}`;
 * before 0.5 `resets_in_seconds`. Null: none is used up, or it does not say.
 */
function quotaReset(limits: unknown, time_ms: number): number | null {
  if (!isObject(limits)) return null;
  const times = [limits.primary, limits.secondary].filter(isObject).map(window => {
    const { used_percent, resets_at, resets_in_seconds } = window;
    if (typeof used_percent !== 'number' || used_percent < 100) return 0;
    if (typeof resets_at === 'number') return resets_at * 1000;
    return typeof resets_in_seconds === 'number' ? time_ms + resets_in_seconds * 1000 : 0;
  });
  return Math.max(0, ...times) || null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function fresh<T>(open: Map<string, string>, phase: T): T {
  open.clear();
  return phase;
}

/** The first line of a rollout file: which session it is. Null when it is no such file. */
export interface RolloutMeta {
  session_id: string;
  cwd: string;
  started_ms: number;
}

export function readRolloutMeta(head: string): RolloutMeta | null {
  const end = head.indexOf('\n');
  const [line] = jsonLines(end < 0 ? head : head.slice(0, end + 1));
  const payload = line?.payload as Record<string, unknown> | undefined;
  if (line?.type !== 'session_meta' || payload === undefined) return rolloutMetaCut(head);
  const session_id = text(payload.id) ?? text(payload.session_id);
  const cwd = text(payload.cwd);
  const started_ms = timeOf(payload.timestamp) ?? timeOf(line.timestamp);
  return session_id === null || cwd === null || started_ms === null ? null : { session_id, cwd, started_ms };
}

/**
 * False for what `codex exec`, an MCP server or an agent's own agents write: no person waits there. Older versions do not
 * say; then a person may.
 */
export function isOnTerminal(head: string): boolean {
  const source = /"source"\s{0,3}:\s{0,3}("(?:exec|mcp)"|\{)/.exec(head.slice(0, MAX_META));
  return source === null;
}

/** `cli`: its terminal; `vscode`, `appServer`, …: what an editor or application drives. Older versions do not say. */
export function modeOf(head: string): Mode | null {
  const source = /"source"\s{0,3}:\s{0,3}"(\w{1,40})"/.exec(head.slice(0, MAX_META))?.[1];
  if (source === undefined || source === 'unknown') return null;
  return source === 'cli' ? 'terminal' : 'conversation';
}

/** What stands in front of the instructions in the first line. */
const MAX_META = 2_000;

/** The line can be longer than what was read (it carries the instructions); its head still tells. */
function rolloutMetaCut(head: string): RolloutMeta | null {
  if (!head.includes('"session_meta"')) return null;
  const field = (name: string) =>
    new RegExp(`"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(head)?.[1] ?? null;
  const session_id = field('id') ?? field('session_id');
  const started_ms = timeOf(field('timestamp'));
  const cwd = field('cwd');
  if (session_id === null || cwd === null || started_ms === null) return null;
  try {
    return { session_id, cwd: JSON.parse(`"${cwd}"`) as string, started_ms };
  } catch {
    return null;
  }
}
