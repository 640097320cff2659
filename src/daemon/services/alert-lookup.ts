import type { AlertService } from '../../api/services.js';
import { now } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import { NotWrittenError } from '../../rules/allowlist/whitelist.js';
import type { Asker } from '../../store/asker.js';
import type { Store } from '../../store/store.js';
import type { AlertRules } from '../alerts/alert-rules.js';

/** Alerts in memory and in the history. */
export class AlertLookup implements AlertService {
  constructor(
    private readonly alerts: Pick<AlertRules, 'open' | 'resolved' | 'clear'>,
    /** Null: no history is kept. */
    private readonly store: Pick<Store, 'queryFor' | 'sync'> | null,
  ) {}

  open(): Alert[] {
    return this.alerts.open();
  }

  async all(limit: number, uid: number | null, asker: Asker): Promise<Alert[]> {
    const always = { from_ms: 0, to_ms: now() + 1 };
    const kept = await this.store?.queryFor(asker, 'alertsOf', always, limit, uid);
    if (kept != null) return kept;
    return this.known()
      .sort((a, b) => b.id - a.id)
      .slice(0, limit);
  }

  async find(id: number, asker: Asker): Promise<Alert | null> {
    const known = this.known().find(alert => alert.id === id);
    return known ?? (await this.store?.queryFor(asker, 'alertById', id)) ?? null;
  }

  async clear(which: (alert: Alert) => boolean): Promise<number> {
    const cleared = this.alerts.clear(which);
    const written = cleared === 0 || this.store === null || (await this.store.sync());
    if (!written) throw new NotWrittenError('the alerts are resolved');
    return cleared;
  }

  /** Those that need no history: the open ones, and what was resolved since the start. */
  private known(): Alert[] {
    return [...this.alerts.resolved(), ...this.alerts.open()];
  }
}
