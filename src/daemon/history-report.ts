import { alertReport } from '../api/alert-report.js';
import { REPORT_LIMITS } from '../api/client/report-limits.js';
import type { HistoryReport } from '../api/contract.js';
import { iso, wallTime } from '../lib/time/time.js';
import type { Alert } from '../model/alert.js';
import type { Asker } from '../store/asker.js';
import { instants } from '../store/dated-runner.js';
import type { Store } from '../store/store.js';

const TOP = 15;

/**
 * What the history tells of the time from `from_ms` to `to_ms`. `uid`: of the machine and that user only.
 * `seen`: an alert as it may be told. Null: it cannot be read now.
 */
export async function historyReport(
  store: Store,
  asker: Asker,
  from_ms: number,
  to_ms: number,
  buckets: number,
  uid: number | null,
  seen: (alert: Alert) => Alert | null,
): Promise<HistoryReport | null> {
  const period = { from_ms, to_ms };
  const host = await store.queryFor(asker, 'hostSeries', period, buckets);
  const sessions = await store.queryFor(asker, 'sessionTotals', period, REPORT_LIMITS.sessions, uid);
  const top_memory = await store.queryFor(asker, 'topOfPeriod', period, 'peak_rss', TOP, uid);
  const top_cpu = await store.queryFor(asker, 'topOfPeriod', period, 'mean_cpu', TOP, uid);
  const alerts = await store.queryFor(asker, 'alertsOf', period, REPORT_LIMITS.alerts, uid);
  const actions = await store.queryFor(asker, 'actionsOf', period, REPORT_LIMITS.actions, uid);
  const model = await store.queryFor(asker, 'diagnosisUsage', period);
  if (!host || !sessions || !top_memory || !top_cpu || !alerts || !actions || !model) return null;
  return {
    from: iso(from_ms),
    to: iso(to_ms),
    bucket_s: host.bucket_ms / 1000,
    host: host.series,
    sessions: instants(sessions, wallTime),
    top_memory: instants(top_memory, wallTime),
    top_cpu: instants(top_cpu, wallTime),
    alerts: alerts
      .map(seen)
      .filter(alert => alert !== null)
      .map(alertReport),
    actions: instants(actions, wallTime),
    model,
  };
}
