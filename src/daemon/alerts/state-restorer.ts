import type { Logger } from '../../lib/log/logger.js';
import { now } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import type { RuleEngine } from '../../rules/engine/engine.js';
import { DAMAGED_KEY } from '../../store/queries/rows.js';
import type { Store } from '../../store/store.js';

/** A history that could not be read is asked again, as often as the store itself tries to open it. */
const AGAIN_MS = 10_000;
/** Of so many alerts is known that this run opened them, while the history cannot be read. */
const OPENED_KEPT = 10_000;

export interface StateRestorerOptions {
  store: Store;
  rules: RuleEngine;
  /** Lets the rules go by the whitelist as the store has it, with what was added while it could not be read. */
  loadWhitelist(): void;
  logger: Logger;
  /** It was read at last, after `start()` had given up waiting. */
  late(): void;
}

/** What the run before left: open alerts, the baseline, the whitelist. Nobody waits for a history that hangs. */
export class StateRestorer {
  private timer: NodeJS.Timeout | null = null;
  private read = false;
  private stopped = false;
  /** Alerts of this run from before the history was read: when they were opened, by id. */
  private readonly ownAlerts = new Map<number, number>();

  constructor(private readonly options: StateRestorerOptions) {}

  /** Whether all of it was taken over. */
  get done(): boolean {
    return this.read;
  }

  /** Takes it over, or at least the whitelist as far as it is known; then the rest as soon as it can be read. */
  async start(): Promise<void> {
    await this.ask();
    if (!this.read && !this.stopped) this.options.loadWhitelist();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** This run opened an alert. */
  opened({ id, opened_ms }: Alert): void {
    if (this.read) return;
    this.ownAlerts.set(id, opened_ms);
    if (this.ownAlerts.size > OPENED_KEPT) this.ownAlerts.delete(this.ownAlerts.keys().next().value!);
  }

  private async ask(): Promise<void> {
    const { store, rules } = this.options;
    const alerts = await store.query('openAlerts');
    const baselines = alerts === null ? null : await store.query('baselines');
    if (this.stopped) return;
    if (alerts === null || baselines === null) {
      this.timer = setTimeout(() => void this.askAgain(), AGAIN_MS);
      return;
    }
    this.options.loadWhitelist();
    try {
      rules.restore(now(), this.notToldAnew(alerts), baselines);
    } catch (error) {
      this.options.logger.error({ err: error }, 'not all that the run before left could be taken over');
    }
    this.read = true;
    this.ownAlerts.clear();
  }

  private async askAgain(): Promise<void> {
    this.timer = null;
    await this.ask();
    if (this.read && !this.stopped) this.options.late();
  }

  /**
   * Without this run's own. What it told anew meanwhile is told: the alert of the run before ends, in the history
   * alone. So does one whose number was given again, since the numbers that were taken could not be read, and one
   * that cannot be read any more.
   */
  private notToldAnew(alerts: readonly Alert[]): Alert[] {
    const { store, rules } = this.options;
    const { open } = rules.alerts;
    const keys = new Set(open.map(({ key }) => key));
    const isOwn = ({ id, opened_ms }: Alert) =>
      this.ownAlerts.get(id) === opened_ms || open.some(own => own.id === id && own.opened_ms === opened_ms);
    const resolved_ms = now();
    return alerts.filter(alert => {
      if (isOwn(alert)) return false;
      const isReadable = !alert.key.startsWith(DAMAGED_KEY);
      if (isReadable && !keys.has(alert.key) && !this.ownAlerts.has(alert.id)) return true;
      store.putAlert({ ...alert, status: 'resolved', updated_ms: resolved_ms, resolved_ms });
      return false;
    });
  }
}
