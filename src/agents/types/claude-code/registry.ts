import { z } from 'zod';
import type { RegistryEntry } from '../../../model/observation.js';

/**
 * Claude Code's `~/.claude/sessions/<pid>.json`, as written by 2.1.197. Undocumented, so every field may be
 * missing or different; what is not understood is ignored.
 *
 * `{"pid":9781,"sessionId":"…","cwd":"/home/u/shop","procStart":"94839","kind":"interactive",
 *   "status":"waiting","waitingFor":"permission prompt","statusUpdatedAt":1795177793123,…}`
 */
const shape = z.object({
  pid: z.number().int(),
  status: z.string().optional(),
  waitingFor: z.string().max(1000).nullish(),
  procStart: z.union([z.string(), z.number()]).nullish(),
  sessionId: z.string().max(200).nullish(),
  cwd: z.string().max(4096).nullish(),
  statusUpdatedAt: z.number().nullish(),
});

const STATUSES: ReadonlySet<string> = new Set(['busy', 'waiting', 'idle', 'shell']);

/** Null when the text is not such a file or speaks of another process. */
export function parseClaudeRegistry(text: string, pid: number): RegistryEntry | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success || parsed.data.pid !== pid) return null;
  const { status, waitingFor, procStart, sessionId, cwd, statusUpdatedAt } = parsed.data;
  const ticks = procStart === null || procStart === undefined ? null : Number(procStart);
  return {
    status: STATUSES.has(status ?? '') ? (status as RegistryEntry['status']) : null,
    waiting_for: waitingFor ?? null,
    start_ticks: ticks !== null && Number.isFinite(ticks) ? ticks : null,
    session_id: sessionId ?? null,
    cwd: cwd ?? null,
    updated_ms: statusUpdatedAt ?? null,
  };
}
