import { alertReport } from '../api/alert-report.js';
import type { HistoryReport } from '../api/contract.js';
import type { Store } from '../store/store.js';
import { iso } from '../time.js';

const MAX_SESSIONS = 100;
const MAX_ALERTS = 200;
const MAX_ACTIONS = 100;
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
  const sessions = await store.query('sessionTotals', period, MAX_SESSIONS, uid);
  const top_memory = await store.query('topOfPeriod', period, 'peak_rss', TOP, uid);
  const top_cpu = await store.query('topOfPeriod', period, 'mean_cpu', TOP, uid);
  const alerts = await store.query('alertsOf', period, MAX_ALERTS, uid);
  const actions = await store.query('actionsOf', period, MAX_ACTIONS);
  const model = await store.query('diagnosisUsage', period);
  if (!host || !sessions || !top_memory || !top_cpu || !alerts || !actions || !model) return null;
  return {
    from: iso(from_ms),
    to: iso(to_ms),
    bucket_s: host.bucket_ms / 1000,
    host: host.series,
    sessions,
    top_memory,
    top_cpu,
    alerts: alerts.map(alertReport),
    actions: actions.filter(({ targets }) => uid === null || targets.some(target => target.uid === uid)),
    model,
  };
}
