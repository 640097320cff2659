import { z } from 'zod';
import { iso } from '../../lib/time/time.js';
import { type Alert, type AlertChange, SEVERITIES, type Subject } from '../../model/alert.js';
import { list, schemaOf, text, time, uid } from '../../model/schema.js';
import { processRefSchema, sessionRefSchema } from './process.js';

/** Alerts in the form in which the API shows them: their times as ISO 8601. */

const subject = schemaOf<Subject>()({
  kind: z.enum([
    ...(['host', 'process', 'processes', 'session', 'filesystem', 'disk', 'gpu', 'unit', 'cgroup'] as const),
  ]),
  name: text.describe('for people, e.g. `node (pid 4711)`, `/home`, `ssh.service`'),
  uid: uid.nullable().describe('whose it is; null: the machine’s, for everybody'),
  processes: list(processRefSchema).describe('worst first, at most 200'),
  session: sessionRefSchema.nullable(),
  lineage: text.nullable().describe('oldest first, e.g. `claude (pid 12) → npm → node server.js`'),
});

export const severity = z.enum(SEVERITIES);

type Timeless = Omit<Alert, 'opened_ms' | 'updated_ms' | 'resolved_ms'>;
export const alertReportSchema = schemaOf<
  Timeless & { opened: string; updated: string; resolved: string | null }
>()({
  id: z.int(),
  rule: text,
  key: text,
  status: z.enum(['open', 'resolved']),
  severity,
  title: text,
  text: text.describe('what was measured, in plain words'),
  suggestion: text.nullable(),
  subject,
  numbers: z.record(text, z.number()).describe('the figures behind it, units in the names'),
  opened: time,
  updated: time,
  resolved: time.nullable(),
}).meta({ id: 'AlertReport' });
export type AlertReport = z.infer<typeof alertReportSchema>;

export function alertReport({ opened_ms, updated_ms, resolved_ms, ...alert }: Alert): AlertReport {
  return {
    ...alert,
    opened: iso(opened_ms),
    updated: iso(updated_ms),
    resolved: resolved_ms === null ? null : iso(resolved_ms),
  };
}

export const alertEventSchema = z
  .strictObject({
    type: z.enum(['alert_opened', 'alert_updated', 'alert_resolved']),
    time,
    quiet: z
      .literal(true)
      .exactOptional()
      .describe('it comes back soon after it was resolved: who was told is not told again'),
    alert: alertReportSchema,
  })
  .meta({ id: 'AlertEvent' });
export type AlertEvent = z.infer<typeof alertEventSchema>;

export function alertEvent({ type, time_ms, alert, quiet }: AlertChange): AlertEvent {
  return { type, time: iso(time_ms), ...(quiet && { quiet }), alert: alertReport(alert) };
}
