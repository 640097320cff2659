import type { Alert, AlertChange } from '../../../src/model/alert.js';

export const TIME_MS = Date.UTC(2026, 10, 20, 12, 0, 0);

export function change(over: Partial<Alert> = {}, type: AlertChange['type'] = 'alert_opened'): AlertChange {
  const alert: Alert = {
    id: 7,
    rule: 'orphan',
    key: 'orphan:4000:900',
    status: type === 'alert_resolved' ? 'resolved' : 'open',
    severity: 'high',
    title: '12 leftovers of the Claude session',
    text: 'They hold 3.6 GiB.',
    suggestion: 'End them with vigil kill.',
    subject: {
      kind: 'processes',
      name: 'node (12 processes)',
      uid: 1000,
      processes: [{ pid: 4711, start_ticks: 1, uid: 1000, comm: 'node', cmdline: 'node mcp.js' }],
      session: { pid: 4000, start_ticks: 900, agent: 'claude-code', cwd: '/home/ann/shop', alive: false },
      lineage: 'claude (pid 4000) → npm → node',
    },
    numbers: { rss_bytes: 3_900_000_000 },
    opened_ms: TIME_MS,
    updated_ms: TIME_MS,
    resolved_ms: null,
    ...over,
  };
  return { type, time_ms: TIME_MS, alert };
}
