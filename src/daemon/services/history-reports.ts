import { REPORT_LIMITS } from '../../api/client/report-limits.js';
import { alertReport } from '../../api/reports/alert.js';
import type { HistoryReport } from '../../api/reports/history.js';
import type { HistoryService } from '../../api/services.js';
import type { Visibility } from '../../api/visibility.js';
import { iso, now, wallTime } from '../../lib/time/time.js';
import type { Asker } from '../../store/asker.js';
import { instants } from '../../store/dated-runner.js';
import type { ActionRow } from '../../store/records.js';
import type { Store } from '../../store/store.js';

const TOP = 15;

/** What the history tells. */
export class HistoryReports implements HistoryService {
  constructor(
    /** Null: none is kept. */
    private readonly store: Pick<Store, 'queryFor'> | null,
    private readonly visibility: Visibility,
  ) {}

  async report(
    period_ms: number,
    buckets: number,
    uid: number | null,
    asker: Asker,
  ): Promise<HistoryReport | null> {
    const { store } = this;
    if (store === null) return null;
    const period = { from_ms: now() - period_ms, to_ms: now() };
    const host = await store.queryFor(asker, 'hostSeries', period, buckets);
    const sessions = await store.queryFor(asker, 'sessionTotals', period, REPORT_LIMITS.sessions, uid);
    const top_memory = await store.queryFor(asker, 'topOfPeriod', period, 'peak_rss', TOP, uid);
    const top_cpu = await store.queryFor(asker, 'topOfPeriod', period, 'mean_cpu', TOP, uid);
    const alerts = await store.queryFor(asker, 'alertsOf', period, REPORT_LIMITS.alerts, uid);
    const actions = await store.queryFor(asker, 'actionsOf', period, REPORT_LIMITS.actions, uid);
    const model = await store.queryFor(asker, 'diagnosisUsage', period);
    if (!host || !sessions || !top_memory || !top_cpu || !alerts || !actions || !model) return null;
    const viewer = uid === null ? ({ kind: 'all' } as const) : ({ kind: 'user', uid } as const);
    return {
      from: iso(period.from_ms),
      to: iso(period.to_ms),
      bucket_s: host.bucket_ms / 1000,
      host: host.series,
      sessions: instants(sessions, wallTime),
      top_memory: instants(top_memory, wallTime),
      top_cpu: instants(top_cpu, wallTime),
      alerts: this.visibility.alerts(alerts, viewer).map(alertReport),
      actions: instants(actions, wallTime),
      model,
    };
  }

  async actions(limit: number, uid: number | null, asker: Asker): Promise<ActionRow[] | null> {
    const always = { from_ms: 0, to_ms: now() + 1 };
    return (await this.store?.queryFor(asker, 'actionsOf', always, limit, uid)) ?? null;
  }
}
