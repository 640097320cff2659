import type { Alert, AlertChange } from '../alerts/alert.js';
import { AlertBook } from '../alerts/book.js';
import type { ProcessRef, Snapshot } from '../collectors/snapshot.js';
import type { RulesConfig } from '../config/sections/rules.js';
import { Baseline, type BaselineState } from './baseline.js';
import { History } from './history.js';
import { RULES } from './index.js';
import type { Finding, Rule } from './rule.js';
import { Whitelist } from './whitelist.js';

/** Many alerts at a time help nobody. */
const MAX_OPEN = 200;
const LEAST_GAP_MS = 45_000;

export interface RuleEngineOptions {
  config: RulesConfig;
  /** The longest regular time between two snapshots. */
  interval_ms: number;
  self_pid: number;
  /** The number of the next alert. */
  nextId(): number;
  /** A rule failed: said once for each rule. The others go on. */
  onRuleError(rule: string, error: unknown): void;
  rules?: readonly Rule[];
}

/** Snapshots in, changes of alerts out: history, rules, whitelist and book joined. */
export class RuleEngine {
  readonly whitelist: Whitelist;
  readonly book: AlertBook;
  private readonly baseline = new Baseline();
  private readonly history: History;
  private readonly failed = new Set<string>();
  private readonly rules: readonly Rule[];
  private whitelistVersion: number;

  constructor(private readonly options: RuleEngineOptions) {
    const { config, interval_ms, self_pid, nextId } = options;
    const gap_ms = Math.max(LEAST_GAP_MS, 4 * interval_ms);
    this.rules = options.rules ?? RULES;
    this.whitelist = new Whitelist(config.allowlist);
    this.whitelistVersion = this.whitelist.version;
    this.book = new AlertBook({ nextId, gap_ms, max_open: MAX_OPEN });
    const { memory_leak, fd_leak } = config.detection;
    this.history = new History({
      windows: {
        memory_ms: memory_leak.window_minutes * 60_000,
        memory_long_ms: memory_leak.slope_window_minutes * 60_000,
        fds_ms: fd_leak.window_minutes * 60_000,
      },
      gap_ms,
      baseline: this.baseline,
      self_pid,
      ignores: processes => this.whitelist.matches(processes),
    });
  }

  /** What the run before left: open alerts and the learned baseline. */
  restore(now_ms: number, alerts: readonly Alert[], baseline: BaselineState | null): void {
    this.book.restore(alerts, now_ms);
    if (baseline !== null) this.baseline.restore(baseline);
  }

  /** The learned baseline, for the store. */
  saveBaseline(): BaselineState {
    return this.baseline.save();
  }

  take(snapshot: Snapshot): AlertChange[] {
    const now_ms = snapshot.time_ms;
    this.history.add(snapshot);
    // A change of the whitelist was applied by whoever made it; this is for those who did not.
    const withdrawn = this.applyWhitelist(now_ms);
    const findings = this.rules.flatMap(rule => this.evaluate(rule, now_ms));
    return [...withdrawn, ...this.book.apply(now_ms, findings)];
  }

  /** To be called after a change of the whitelist: alerts about processes that are on it now are over. */
  applyWhitelist(now_ms: number): AlertChange[] {
    if (this.whitelistVersion === this.whitelist.version) return [];
    this.whitelistVersion = this.whitelist.version;
    this.history.reconsider();
    return this.book.withdraw(now_ms, ({ subject }) => this.allIgnored(subject.processes));
  }

  private allIgnored(processes: readonly ProcessRef[]): boolean {
    return processes.length > 0 && this.whitelist.matches(processes).every(Boolean);
  }

  private evaluate(rule: Rule, now_ms: number): Finding[] {
    const { config, onRuleError } = this.options;
    if (!config.detection[rule.name].enabled) return [];
    try {
      return rule
        .evaluate(this.history, now_ms, config)
        .map(candidate => ({ ...candidate, rule: rule.name, key: `${rule.name}:${candidate.key}` }));
    } catch (error) {
      if (!this.failed.has(rule.name)) onRuleError(rule.name, error);
      this.failed.add(rule.name);
      return [];
    }
  }
}
