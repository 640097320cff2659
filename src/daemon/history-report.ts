import { alertReport } from '../api/alert-report.js';
import type { HistoryReport } from '../api/contract.js';
import { REPORT_LIMITS } from '../api/report-limits.js';
import { instants } from '../store/dated-runner.js';
import type { Store } from '../store/store.js';
import { iso, wallTime } from '../time.js';

const TOP = 15;

/**
 * What the history tells of the time from `from_ms` to `to_ms`. `uid`: of the machine and that user only.
 * Null: it cannot be read now.
 */
export async function historyReport(
  store: Store,
  from_ms: number,
  to_ms: number,
  buckets: number,
  uid: number | null,
): Promise<HistoryReport | null> {
  const period = { from_ms, to_ms };
  const host = await store.query('hostSeries', period, buckets);
  const sessions = await store.query('sessionTotals', period, REPORT_LIMITS.sessions, uid);
  const top_memory = await store.query('topOfPeriod', period, 'peak_rss', TOP, uid);
  const top_cpu = await store.query('topOfPeriod', period, 'mean_cpu', TOP, uid);
  const alerts = await store.query('alertsOf', period, REPORT_LIMITS.alerts, uid);
  const actions = await store.query('actionsOf', period, REPORT_LIMITS.actions, uid);
  const model = await store.query('diagnosisUsage', period);
  if (!host || !sessions || !top_memory || !top_cpu || !alerts || !actions || !model) return null;
  return {
    from: iso(from_ms),
    to: iso(to_ms),
    bucket_s: host.bucket_ms / 1000,
    host: host.series,
    sessions: instants(sessions, wallTime),
    top_memory: instants(top_memory, wallTime),
    top_cpu: instants(top_cpu, wallTime),
    alerts: alerts.map(alertReport),
    actions: instants(actions, wallTime),
    model,
  };
}
