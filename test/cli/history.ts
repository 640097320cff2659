import type { HistoryReport } from '../../src/api/client/index.js';
import { alertReport } from '../../src/api/reports/alert.js';
import { fakeAlert } from '../api/fake-daemon.js';

/** A made-up day: waves, an afternoon without vigil, an agent that was busy, orphans that were removed. */

export const GB = 1024 ** 3;
export const HOUR_MS = 3_600_000;
export const TO_MS = Date.parse('2026-11-20T16:30:00.000Z');

export function fakeHistory({ hours = 24, buckets = 96 } = {}): HistoryReport {
  const from_ms = TO_MS - hours * HOUR_MS;
  const wave = (base: number, swing: number, period: number, spike = 1.4) =>
    Array.from({ length: buckets }, (_, i) => {
      if (i / buckets > 0.55 && i / buckets < 0.65) return null;
      const avg = base + swing * (1 + Math.sin((i / buckets) * period)) * (i % 7 === 0 ? 1.3 : 1);
      return { min: avg * 0.6, avg, max: avg * (i % 13 === 0 ? spike * 1.3 : spike) };
    });
  const flat = (value: number) =>
    wave(value, 0, 1, 1).map(one => one && { min: value, avg: value, max: value });
  const at = (hours_before: number) => TO_MS - hours_before * HOUR_MS;
  const process = (pid: number, comm: string, cmdline: string, peak: number, cpu: number) => ({
    pid,
    uid: 1000,
    comm,
    cmdline,
    session_pid: pid === 4711 ? 4242 : null,
    started_ms: at(5),
    peak_rss_bytes: peak,
    mean_rss_bytes: peak * 0.8,
    peak_cpu_percent: cpu * 2,
    mean_cpu_percent: cpu,
    peak_swap_bytes: 0,
    samples: 100,
  });
  const session = (pid: number, agent: string, cwd: string, from: number, to: number | null) => ({
    pid,
    agent,
    cwd,
    tty: 'pts/3',
    uid: 1000,
    started_ms: at(from),
    ended_ms: to === null ? null : at(to),
    last_ms: at(to ?? 0),
    work_ms: (from - (to ?? 0)) * HOUR_MS * 0.35,
    wait_ms: (from - (to ?? 0)) * HOUR_MS * 0.5,
    unknown_ms: 0,
    transitions: 42,
    peak_rss_bytes: 0.9 * GB,
    mean_cpu_percent: 7.5,
    peak_processes: 12,
  });
  return {
    from: new Date(from_ms).toISOString(),
    to: new Date(TO_MS).toISOString(),
    bucket_s: (hours * 3600) / buckets,
    host: {
      cpu_busy_percent: wave(4, 18, 14),
      load1: wave(0.3, 1.6, 14),
      memory_total_bytes: flat(32 * GB),
      memory_used_bytes: wave(10 * GB, 5 * GB, 5, 1.05),
      swap_total_bytes: flat(8 * GB),
      swap_used_bytes: wave(0, 0.4 * GB, 5, 1.1),
      pressure_memory_some_percent: wave(0, 0.8, 5, 3),
      pressure_io_some_percent: wave(0, 3, 20, 2),
      pressure_cpu_some_percent: wave(0, 4, 14, 2),
      disk_busy_percent: wave(1, 9, 25, 2),
      filesystem_used_percent: flat(84),
      disk_read_bytes_per_s: wave(0, 4e6, 21, 3),
      disk_write_bytes_per_s: wave(1e5, 2e6, 17, 3),
      network_received_bytes_per_s: wave(0, 3e5, 11, 3),
      network_sent_bytes_per_s: wave(0, 1e5, 11, 3),
      cpu_celsius: wave(45, 8, 14, 1.1),
      gpu_busy_percent: new Array(buckets).fill(null),
      processes: wave(300, 20, 9, 1.05),
    },
    sessions: [
      session(4242, 'claude-code', '/home/ann/shop', 3.5, null),
      session(4100, 'codex', '/home/ann/very/long/way/to/a/project/with/a/long-name', 9, 6.2),
      session(3900, 'claude-code', '/home/ann/shop', 22, 14),
    ],
    top_memory: [
      process(4711, 'node', 'node /home/ann/shop/node_modules/.bin/vite --host', 3.2 * GB, 12),
      process(812, 'firefox', '/usr/lib/firefox/firefox', 2.1 * GB, 4),
    ],
    top_cpu: [process(4711, 'node', 'node /home/ann/shop/node_modules/.bin/vite --host', 3.2 * GB, 12)],
    alerts: [
      fakeAlert({ id: 9, severity: 'high', opened_ms: at(0.4) }),
      fakeAlert({
        id: 8,
        rule: 'orphan',
        severity: 'warning',
        status: 'resolved',
        title: '12 orphans of the Claude session in ~/shop',
        opened_ms: at(2.2),
        resolved_ms: at(1.9),
      }),
      fakeAlert({
        id: 5,
        rule: 'memory_pressure',
        severity: 'critical',
        status: 'resolved',
        title: 'Memory is nearly full',
        subject: { ...fakeAlert().subject, kind: 'host', name: 'the machine', uid: null },
        opened_ms: at(18),
        resolved_ms: at(17.4),
      }),
      fakeAlert({ id: 4, status: 'resolved', opened_ms: at(20), resolved_ms: at(19.5) }),
    ].map(alertReport),
    actions: [
      {
        id: 3,
        time_ms: at(1.9),
        mode: 'auto',
        requested_by: 'rule orphan',
        alert_id: 8,
        what: 'terminate',
        targets: Array.from({ length: 12 }, (_, i) => ({
          pid: 5000 + i,
          start_ticks: 1,
          uid: 1000,
          comm: 'npm exec mcp',
          cmdline: 'npm exec mcp',
        })),
        targets_total: 12,
        damaged: false,
        argv: null,
        evidence: {},
        before: {},
        after: {},
        result: 'done: 12 processes ended',
      },
    ],
    model: {
      requests: 3,
      input_tokens: 12_345,
      output_tokens: 1_234,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
    },
  };
}
