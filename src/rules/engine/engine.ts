import { isDeepStrictEqual } from 'node:util';
import { atOnce, inSlices, type Steps } from '../../lib/time/slices.js';
import type { Alert, AlertChange } from '../../model/alert.js';
import type { ProcessRef, Snapshot } from '../../model/snapshot.js';
import { Whitelist } from '../allowlist/whitelist.js';
import { RULES } from '../checks/index.js';
import type { RulesConfig } from '../config.js';
import { Baseline, type BaselineCell } from '../statistics/baseline.js';
import { AlertBook } from './alert-store.js';
import { History } from './history.js';
import type { Windows } from './process-history.js';
import { type Finding, findingOf, type Rule } from './rule.js';

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
  /** A regular expression of the whitelist takes too long and is out of use until the next start. */
  onSlowPattern?: (pattern: string) => void;
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
  /** Keys and ids of alerts of the run before that no rule has found again yet. */
  private readonly missing = new Map<string, number>();
  private again: Alert[] = [];
  private whitelistVersion: number;
  private config: RulesConfig;

  constructor(private readonly options: RuleEngineOptions) {
    const { config, interval_ms, self_pid, nextId } = options;
    const gap_ms = gapFor(interval_ms);
    this.config = config;
    this.rules = options.rules ?? RULES;
    this.whitelist = new Whitelist(config.allowlist, options.onSlowPattern);
    this.whitelistVersion = this.whitelist.version;
    this.book = new AlertBook({ nextId, gap_ms, max_open: MAX_OPEN });
    this.history = new History({
      windows: windowsOf(config),
      gap_ms,
      baseline: this.baseline,
      self_pid,
      ignores: processes => this.whitelist.matches(processes),
    });
  }

  /** What the run before left: open alerts and the learned baseline. */
  restore(now_ms: number, alerts: readonly Alert[], baseline: readonly BaselineCell[]): void {
    const { config } = this;
    const ruleOf = (alert: Alert) =>
      this.rules.find(({ name }) => name === alert.rule && config.detection[name].enabled);
    this.book.restore(alerts, now_ms, alert => ruleOf(alert)?.sees_again_ms?.(config, alert) ?? 0);
    for (const alert of alerts) {
      this.missing.set(alert.key, alert.id);
      ruleOf(alert)?.recall?.(this.history, alert);
    }
    this.baseline.restore(baseline);
  }

  /**
   * Another configuration, from the next snapshot on. Open alerts stay, and what was seen so far counts: only
   * those about processes that are on the allowlist now are over at once.
   */
  configure(config: RulesConfig, interval_ms: number, now_ms: number): AlertChange[] {
    const gap_ms = gapFor(interval_ms);
    this.book.configure({ gap_ms });
    this.history.configure({ windows: windowsOf(config), gap_ms });
    if (!isDeepStrictEqual(config.allowlist, this.config.allowlist))
      this.whitelist.configure(config.allowlist);
    this.config = config;
    return this.applyWhitelist(now_ms);
  }

  /** The learned baseline, for the store. */
  saveBaseline(): BaselineCell[] {
    return this.baseline.save();
  }

  take(snapshot: Snapshot): AlertChange[] {
    return atOnce(this.steps(snapshot));
  }

  /** The same between everything else that the event loop has to do; one at a time. */
  takeAside(snapshot: Snapshot): Promise<AlertChange[]> {
    return inSlices(this.steps(snapshot));
  }

  private *steps(snapshot: Snapshot): Steps<AlertChange[]> {
    const now_ms = snapshot.time_ms;
    yield* this.history.steps(snapshot);
    // A change of the whitelist was applied by whoever made it; this is for those who did not.
    const withdrawn = this.applyWhitelist(now_ms);
    const { version } = this.whitelist;
    const all: Finding[] = [];
    const mute = new Set<string>();
    for (const rule of this.rules) {
      yield;
      const found = this.evaluate(rule, now_ms);
      if (found === null) mute.add(rule.name);
      else all.push(...found);
    }
    yield;
    // What came onto the whitelist between two rules is nothing to speak of any more.
    const findings =
      version === this.whitelist.version
        ? all
        : all.filter(({ subject }) => !this.allIgnored(subject.processes));
    const ended = ({ subject }: Alert) => this.allEnded(subject.processes);
    const changes = [...withdrawn, ...this.book.apply(now_ms, findings, mute, ended)];
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
    if (found.size > 0) this.again.push(...this.book.open.filter(({ id }) => found.has(id)));
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
    return this.book.withdraw(now_ms, ({ subject }) => this.allIgnored(subject.processes));
  }

  private allIgnored(processes: readonly ProcessRef[]): boolean {
    return processes.length > 0 && this.whitelist.matches(processes).every(Boolean);
  }

  private allEnded(processes: readonly ProcessRef[]): boolean {
    const lives = ({ pid, start_ticks }: ProcessRef) =>
      this.history.process(pid)?.sample.start_ticks === start_ticks;
    return processes.length > 0 && !processes.some(lives);
  }

  /** Null: it cannot tell this time. */
  private evaluate(rule: Rule, now_ms: number): Finding[] | null {
    const { config } = this;
    const { onRuleError } = this.options;
    const { name } = rule;
    if (!config.detection[name].enabled) return [];
    try {
      const candidates = rule.evaluate(this.history, now_ms, config);
      return candidates?.map(found => findingOf(name, found)) ?? null;
    } catch (error) {
      if (!this.failed.has(name)) onRuleError(name, error);
      this.failed.add(name);
      return null;
    }
  }
}

/** A longer break than this between two snapshots interrupts whatever has to last. */
function gapFor(interval_ms: number): number {
  return Math.max(LEAST_GAP_MS, 4 * interval_ms);
}

function windowsOf({ detection: { memory_leak, fd_leak } }: RulesConfig): Windows {
  return {
    memory_ms: memory_leak.window_minutes * 60_000,
    memory_long_ms: memory_leak.slope_window_minutes * 60_000,
    fds_ms: fd_leak.window_minutes * 60_000,
  };
}
