import type { Bus } from '../../bus.js';
import type { Config } from '../../config/schema.js';
import type { Logger } from '../../lib/log/logger.js';
import { nextTurn } from '../../lib/time/slices.js';
import { now } from '../../lib/time/time.js';
import type { Alert, AlertChange } from '../../model/alert.js';
import type { Module } from '../../model/module.js';
import type { Snapshot } from '../../model/snapshot.js';
import { RULES } from '../../rules/checks/index.js';
import { RuleEngine } from '../../rules/engine/engine.js';
import type { Store } from '../../store/store.js';
import type { Judge } from '../host/host-monitor.js';
import { BaselineSaver } from './baseline-saver.js';
import { StateRestorer } from './state-restorer.js';
import { RuntimeWhitelist } from './whitelist.js';

export interface AlertRulesOptions {
  config: Config;
  logger: Logger;
  bus: Bus;
  /** Null: no history is kept. */
  store: Store | null;
}

/** Resolved alerts that are kept in memory, for who has no history. */
const RESOLVED_KEPT = 200;

/** Each look at the machine is judged by the rules: `alert.changed`. Alerts live on from one run of vigil to the next. */
export class AlertRules implements Module<Config>, Judge {
  readonly name = 'alerts';
  readonly rules: RuleEngine;
  readonly whitelist: RuntimeWhitelist;
  private readonly restorer: StateRestorer | null;
  private readonly baseline: BaselineSaver | null;
  private readonly resolvedAlerts: Alert[] = [];
  private judging: Promise<void> = Promise.resolve();
  private isRestoredTold = false;
  private ids = 0;
  private readonly endSnapshots: () => void;

  constructor(private readonly options: AlertRulesOptions) {
    const { bus, config, logger, store } = options;
    this.rules = new RuleEngine({
      rules: RULES,
      config,
      interval_ms: config.sampling.sample_interval_normal_s * 1000,
      self_pid: process.pid,
      nextId: () => store?.nextAlertId() ?? ++this.ids,
      onRuleError: (rule, error) => logger.error({ rule, err: error }, 'a rule failed'),
      onSlowPattern: pattern =>
        logger.warn(
          { pattern },
          'a pattern of the whitelist takes too long: it is out of use until the next start',
        ),
    });
    const { rules } = this;
    this.whitelist = new RuntimeWhitelist(store, rules.whitelist, logger, () => this.whitelistChanged());
    const loadWhitelist = () => this.whitelist.load();
    const late = () => {
      this.tellRestored();
      this.whitelistChanged();
    };
    this.restorer = store === null ? null : new StateRestorer({ store, rules, loadWhitelist, logger, late });
    this.baseline = store === null ? null : new BaselineSaver(store, rules);
    this.endSnapshots = bus.on(this.name, 'machine.snapshot', snapshot => {
      this.judging = this.judge(snapshot);
      // Whoever waits for it is told.
      this.judging.catch(() => {});
    });
  }

  async start(): Promise<void> {
    await this.restorer?.start();
  }

  async stop(): Promise<void> {
    this.endSnapshots();
    this.restorer?.stop();
    await this.judging.catch(() => {});
    // What an earlier run learned must not be lost to a few minutes of this one.
    if (this.restorer?.done) this.baseline?.save();
  }

  /** Nothing is forgotten. */
  configure(config: Config): void {
    const interval_ms = config.sampling.sample_interval_normal_s * 1000;
    this.tell(this.rules.configure(config, interval_ms, now()));
  }

  /** Open alerts, oldest first. */
  open(): Alert[] {
    return this.rules.alerts.open;
  }

  /** Alerts that were resolved since the start, the latest last. */
  resolved(): readonly Alert[] {
    return this.resolvedAlerts;
  }

  /** Resolves the open alerts that are meant; how many. What is still bad opens anew in its time. */
  clear(which: (alert: Alert) => boolean): number {
    const changes = this.rules.alerts.withdraw(now(), which);
    this.tell(changes);
    return changes.length;
  }

  /** Alerts about processes that are on it now are over. */
  private whitelistChanged(): void {
    this.tell(this.rules.applyWhitelist(now()));
  }

  judged(): Promise<void> {
    return this.judging;
  }

  get isTroubled(): boolean {
    return this.open().length > 0;
  }

  memoryEndsIn_ms(time_ms: number): number {
    return this.rules.memoryEndsIn_ms(time_ms);
  }

  private async judge(snapshot: Snapshot): Promise<void> {
    await nextTurn();
    this.tell(await this.rules.evaluateAside(snapshot));
    for (const alert of this.rules.foundAgain()) this.options.bus.emit('alert.found_again', alert);
    this.tellRestored();
    if (this.restorer?.done) this.baseline?.saveOften(snapshot.time_ms);
  }

  private tellRestored(): void {
    if (this.isRestoredTold || !this.restorer?.done) return;
    this.isRestoredTold = true;
    this.options.bus.emit('alert.restored', this.open());
  }

  private tell(changes: readonly AlertChange[]): void {
    for (const change of changes) {
      const { type, alert } = change;
      if (type === 'alert_resolved') this.resolvedAlerts.push(alert);
      if (type === 'alert_opened') this.restorer?.opened(alert);
      this.options.bus.emit('alert.changed', change);
    }
    this.resolvedAlerts.splice(0, Math.max(0, this.resolvedAlerts.length - RESOLVED_KEPT));
  }
}
