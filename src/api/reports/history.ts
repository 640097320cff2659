import { z } from 'zod';
import { bytes, count, list, pid, schemaOf, text, time, time_ms, uid } from '../../model/schema.js';
import type { ProcessTotals } from '../../store/queries/processes.js';
import type { SessionTotals } from '../../store/queries/sessions.js';
import type { DiagnosisUsage } from '../../store/records.js';
import { actionRowSchema } from './action.js';
import { alertReportSchema } from './alert.js';

const sessionTotals = schemaOf<SessionTotals>()({
  pid,
  agent: text,
  cwd: text.nullable(),
  tty: text.nullable(),
  uid: uid.nullable(),
  started_ms: time_ms,
  ended_ms: time_ms.nullable(),
  last_ms: time_ms,
  work_ms: z.number(),
  wait_ms: z.number(),
  unknown_ms: z.number(),
  transitions: count,
  peak_rss_bytes: bytes.nullable(),
  mean_cpu_percent: z.number().nullable(),
  peak_processes: z.number().nullable(),
}).meta({ id: 'SessionTotals', description: 'one agent session as far as it lies in the period' });

const processTotals = schemaOf<ProcessTotals>()({
  pid,
  uid,
  comm: text,
  cmdline: text,
  session_pid: pid.nullable(),
  started_ms: time_ms,
  peak_rss_bytes: bytes,
  mean_rss_bytes: bytes,
  peak_cpu_percent: z.number().nullable(),
  mean_cpu_percent: z.number().nullable(),
  peak_swap_bytes: bytes,
  samples: count,
}).meta({ id: 'ProcessTotals', description: 'a process that was among the top' });

export const historyReportSchema = z
  .strictObject({
    from: time,
    to: time,
    bucket_s: z.number(),
    host: z
      .record(text, list(z.strictObject({ min: z.number(), avg: z.number(), max: z.number() }).nullable()))
      .describe('by the name of the figure, a value for each bucket; null: not measured'),
    sessions: list(sessionTotals).describe('the latest first'),
    top_memory: list(processTotals),
    top_cpu: list(processTotals),
    alerts: list(alertReportSchema).describe('the latest first'),
    actions: list(actionRowSchema).describe('the latest first'),
    model: schemaOf<DiagnosisUsage>()({
      requests: count,
      input_tokens: count,
      output_tokens: count,
      cache_read_tokens: count,
      cache_write_tokens: count,
    }).describe('what was asked of a language model'),
  })
  .meta({ id: 'HistoryReport' });
export type HistoryReport = z.infer<typeof historyReportSchema>;
