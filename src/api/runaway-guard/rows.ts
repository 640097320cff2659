import { z } from 'zod';
import { wallTime } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import type { ProcessSample, Snapshot } from '../../model/snapshot.js';

/**
 * What clients of RunawayGuard know: its rows and pushes, with the names of its protocol. It has two severities,
 * and a process for each alert; what an alert is about else stands in `name`.
 */

export const runawayGuardAlertSchema = z
  .strictObject({
    id: z.int(),
    pid: z.int(),
    name: z.string(),
    cmdline: z.string(),
    reason: z.string(),
    severity: z.enum(['warning', 'critical']),
    timestamp: z.int().describe('seconds since the epoch'),
  })
  .meta({ id: 'RunawayGuardAlert' });
type RunawayGuardAlert = z.infer<typeof runawayGuardAlertSchema>;

export const runawayGuardProcessSchema = z
  .strictObject({
    pid: z.int(),
    name: z.string(),
    cmdline: z.string(),
    cpu_percent: z.number(),
    memory_mb: z.number(),
    runtime_seconds: z.int(),
    state: z.enum([
      ...(['Running', 'Sleeping', 'DiskSleep', 'Stopped', 'Zombie', 'Idle', 'Unknown'] as const),
    ]),
  })
  .meta({ id: 'RunawayGuardProcess' });
type RunawayGuardProcess = z.infer<typeof runawayGuardProcessSchema>;

export const runawayGuardStatusSchema = z.strictObject({ monitored_count: z.int(), alert_count: z.int() });
type RunawayGuardStatus = z.infer<typeof runawayGuardStatusSchema>;

const REASONS: Readonly<Record<string, string>> = { runtime: 'timeout' };

const STATES: Readonly<Record<string, RunawayGuardProcess['state']>> = {
  R: 'Running',
  S: 'Sleeping',
  D: 'DiskSleep',
  T: 'Stopped',
  t: 'Stopped',
  Z: 'Zombie',
  I: 'Idle',
};

export function runawayGuardAlert({
  id,
  rule,
  severity,
  subject,
  title,
  opened_ms,
}: Alert): RunawayGuardAlert {
  const [process] = subject.processes;
  return {
    id,
    pid: process?.pid ?? 0,
    name: process?.comm ?? subject.name,
    cmdline: process?.cmdline ?? title,
    reason: REASONS[rule] ?? rule,
    severity: severity === 'high' || severity === 'critical' ? 'critical' : 'warning',
    timestamp: Math.floor(wallTime(opened_ms) / 1000),
  };
}

export function runawayGuardProcess(process: ProcessSample, now_ms: number): RunawayGuardProcess {
  return {
    pid: process.pid,
    name: process.comm,
    cmdline: process.cmdline,
    cpu_percent: Math.round((process.cpu_percent ?? 0) * 10) / 10,
    memory_mb: Math.round(process.rss_bytes / 104_857.6) / 10,
    runtime_seconds: Math.max(0, Math.floor((now_ms - process.started_ms) / 1000)),
    state: STATES[process.state] ?? 'Unknown',
  };
}

export function runawayGuardStatus({ processes }: Snapshot, open_alerts: number): RunawayGuardStatus {
  return { monitored_count: processes.length, alert_count: open_alerts };
}
