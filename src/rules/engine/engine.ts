import { isDeepStrictEqual } from 'node:util';
import { atOnce, inSlices, type Steps } from '../../lib/time/slices.js';
import type { Alert, AlertChange } from '../../model/alert.js';
import type { ProcessRef, Snapshot } from '../../model/snapshot.js';
import { type Allowlist, Whitelist } from '../allowlist/whitelist.js';
import { Baseline, type BaselineCell } from '../statistics/baseline.js';
import { AlertStore } from './alert-store.js';
import { History } from './history.js';
import { WINDOWS, type Windows } from './process-track.js';
import { type AnyRule, type Finding, findingOf, type SettingsOf } from './rule.js';
import { type RuleTables, settingsFrom } from './settings.js';

/** Many alerts at a time help nobody. */
const MAX_OPEN = 200;
const LEAST_GAP_MS = 45_000;

export interface RulesConfig extends RuleTables {
  allowlist: Allowlist;
}

export interface RuleEngineOptions {
  rules: readonly AnyRule[];
  config: RulesConfig;
  /** The longest regular time between two snapshots. */
  interval_ms: number;
  self_pid: number;
  /** The number of the next alert. */
  nextId(): number;
  /** A rule failed: said once for each rule. The others go on. */
  onRuleError(rule: string, error: unknown): void;
  /** A regular expression of the whitelist takes too long and is out of use until the next start. */
  onSlowPattern?: (pattern: string) => void;
}

/** Snapshots in, changes of alerts out: history, rules, whitelist and alerts joined. */
export class RuleEngine {
  readonly whitelist: Whitelist;
  readonly alerts: AlertStore;
  private readonly baseline = new Baseline();
  private readonly history: History;
  private readonly failed = new Set<string>();
  /** Keys and ids of alerts of the run before that no rule has found again yet. */
  private readonly missing = new Map<string, number>();
  private again: Alert[] = [];
  private whitelistVersion: number;
  private config: RulesConfig;
  private settingsOf: SettingsOf;

  constructor(private readonly options: RuleEngineOptions) {
    const { config, interval_ms, self_pid, nextId } = options;
    const gap_ms = gapFor(interval_ms);
    this.config = config;
    this.settingsOf = settingsFrom(config);
    this.whitelist = new Whitelist(config.allowlist, options.onSlowPattern);
    this.whitelistVersion = this.whitelist.version;
    this.alerts = new AlertStore({ nextId, gap_ms, max_open: MAX_OPEN });
    this.history = new History({
      windows: this.windows(),
      gap_ms,
      baseline: this.baseline,
      self_pid,
      ignores: processes => this.whitelist.matches(processes),
    });
  }

  /** What the run before left: open alerts and the learned baseline. */
  restore(now_ms: number, alerts: readonly Alert[], baseline: readonly BaselineCell[]): void {
    const ruleOf = (alert: Alert) =>
      this.options.rules.find(rule => rule.id === alert.rule && this.settingsOf(rule).enabled);
    const unseen_ms = (alert: Alert) => {
      const rule = ruleOf(alert);
      return rule?.sees_again_ms?.(this.settingsOf(rule), alert) ?? 0;
    };
    this.alerts.restore(alerts, now_ms, unseen_ms);
    for (const alert of alerts) {
      this.missing.set(alert.key, alert.id);
      ruleOf(alert)?.restore?.(this.history, alert);
    }
    this.baseline.restore(baseline);
  }

  /**
   * Another configuration, from the next snapshot on. Open alerts stay, and what was seen so far counts: only
   * those about processes that are on the allowlist now are over at once.
   */
  configure(config: RulesConfig, interval_ms: number, now_ms: number): AlertChange[] {
    const before = this.config;
    this.config = config;
    this.settingsOf = settingsFrom(config);
    const gap_ms = gapFor(interval_ms);
    this.alerts.configure({ gap_ms });
    this.history.configure({ windows: this.windows(), gap_ms });
    if (!isDeepStrictEqual(config.allowlist, before.allowlist)) this.whitelist.configure(config.allowlist);
    return this.applyWhitelist(now_ms);
  }

  /** The learned baseline, for the store. */
  saveBaseline(): BaselineCell[] {
    return this.baseline.save();
  }

  evaluate(snapshot: Snapshot): AlertChange[] {
    return atOnce(this.steps(snapshot));
  }

  /** The same between everything else that the event loop has to do; one at a time. */
  evaluateAside(snapshot: Snapshot): Promise<AlertChange[]> {
    return inSlices(this.steps(snapshot));
  }

  private *steps(snapshot: Snapshot): Steps<AlertChange[]> {
    const now_ms = snapshot.time_ms;
    yield* this.history.steps(snapshot);
    // A change of the whitelist was applied by whoever made it; this is for those who did not.
    const withdrawn = this.applyWhitelist(now_ms);
    const { version } = this.whitelist;
    const all: Finding[] = [];
    const unavailable = new Set<string>();
    for (const rule of this.options.rules) {
      yield;
      const found = this.check(rule, now_ms);
      if (found === null) unavailable.add(rule.id);
      else all.push(...found);
    }
    yield;
    // What came onto the whitelist between two rules is nothing to speak of any more.
    const findings =
      version === this.whitelist.version
        ? all
        : all.filter(({ subject }) => !this.allIgnored(subject.processes));
    const ended = ({ subject }: Alert) => this.allEnded(subject.processes);
    const changes = [...withdrawn, ...this.alerts.apply(now_ms, findings, unavailable, ended)];
    this.noteFound(findings);
    return changes;
  }

  /**
   * Alerts of the run before whose trouble was found again since this was asked last, each once. The others may be
   * over: they are open only until their rule would have seen it.
   */
  foundAgain(): Alert[] {
    const found = this.again;
    this.again = [];
    return found;
  }

  private noteFound(findings: readonly Finding[]): void {
    if (this.missing.size === 0) return;
    const found = new Set<number>();
    for (const { key, holds } of findings) {
      const id = this.missing.get(key);
      if (!holds || id === undefined) continue;
      this.missing.delete(key);
      found.add(id);
    }
    // What was over before it came back is another alert, and a change that was told.
    if (found.size > 0) this.again.push(...this.alerts.open.filter(({ id }) => found.has(id)));
  }

  /** When some memory is used up at the pace of the last two snapshots; infinite: none gets less. */
  memoryEndsIn_ms(now_ms: number): number {
    return this.history.pools.endsIn_ms(now_ms);
  }

  /** To be called after a change of the whitelist: alerts about processes that are on it now are over. */
  applyWhitelist(now_ms: number): AlertChange[] {
    if (this.whitelistVersion === this.whitelist.version) return [];
    this.whitelistVersion = this.whitelist.version;
    this.history.reconsider();
    return this.alerts.withdraw(now_ms, ({ subject }) => this.allIgnored(subject.processes));
  }

  private allIgnored(processes: readonly ProcessRef[]): boolean {
    return processes.length > 0 && this.whitelist.matches(processes).every(Boolean);
  }

  private allEnded(processes: readonly ProcessRef[]): boolean {
    const lives = ({ pid, start_ticks }: ProcessRef) =>
      this.history.process(pid)?.sample.start_ticks === start_ticks;
    return processes.length > 0 && !processes.some(lives);
  }

  private windows(): Windows {
    const asked = this.options.rules.map(rule => rule.windows?.(this.settingsOf(rule)));
    return Object.assign({}, WINDOWS, ...asked);
  }

  /** Null: it cannot tell this time. */
  private check(rule: AnyRule, now_ms: number): Finding[] | null {
    const { id } = rule;
    const settings = this.settingsOf(rule);
    if (!settings.enabled) return [];
    try {
      const candidates = rule.check(this.history, now_ms, settings, this.settingsOf);
      return candidates?.map(found => findingOf(id, found)) ?? null;
    } catch (error) {
      if (!this.failed.has(id)) this.options.onRuleError(id, error);
      this.failed.add(id);
      return null;
    }
  }
}

/** A longer break than this between two snapshots interrupts whatever has to last. */
function gapFor(interval_ms: number): number {
  return Math.max(LEAST_GAP_MS, 4 * interval_ms);
}
