import { wallTime } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import type { ProcessSample, Snapshot } from '../../model/snapshot.js';

/**
 * What clients of RunawayGuard know: its rows and pushes, with the names of its protocol. It has two severities,
 * and a process for each alert; what an alert is about else stands in `name`.
 */

export interface SeedAlert {
  id: number;
  pid: number;
  name: string;
  cmdline: string;
  reason: string;
  severity: 'warning' | 'critical';
  /** Seconds since the epoch. */
  timestamp: number;
}

export interface SeedProcess {
  pid: number;
  name: string;
  cmdline: string;
  cpu_percent: number;
  memory_mb: number;
  runtime_seconds: number;
  state: 'Running' | 'Sleeping' | 'DiskSleep' | 'Stopped' | 'Zombie' | 'Idle' | 'Unknown';
}

/** What is sent unasked to clients that spoke this protocol. */
export type SeedPush =
  | { type: 'alert'; data: SeedAlert }
  | { type: 'status'; data: { monitored_count: number; alert_count: number } };

const REASONS: Readonly<Record<string, string>> = { runtime: 'timeout' };

const STATES: Readonly<Record<string, SeedProcess['state']>> = {
  R: 'Running',
  S: 'Sleeping',
  D: 'DiskSleep',
  T: 'Stopped',
  t: 'Stopped',
  Z: 'Zombie',
  I: 'Idle',
};

export function seedAlert({ id, rule, severity, subject, title, opened_ms }: Alert): SeedAlert {
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

export function seedProcess(process: ProcessSample, now_ms: number): SeedProcess {
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

export function seedStatus({ processes }: Snapshot, open_alerts: number): SeedPush {
  return { type: 'status', data: { monitored_count: processes.length, alert_count: open_alerts } };
}
