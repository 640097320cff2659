import type { RulesConfig } from '../config.js';
import type { History } from './history.js';
import type { Level } from './level.js';
import type { Candidate, Rule, RuleName } from './rule.js';

/** One figure beside its thresholds. */
export interface Measured {
  /** Of the subject, as in a candidate. */
  key: string;
  level: Level;
  /** Whom it is about and what is said; asked for only where the level holds. `threshold`: the one that counts. */
  tell(threshold: number): Pick<Candidate, 'subject' | 'title' | 'text' | 'suggestion' | 'numbers'>;
}

/** Rules that wait for as long as `duration_s` of their table in the configuration says. */
type LastingRule = {
  [Name in RuleName]: RulesConfig['detection'][Name] extends { duration_s: number } ? Name : never;
}[RuleName];

/** Longer than a short dip below the threshold. */
const CLEAR_MS = 30_000;

/**
 * A rule that compares figures of this moment with thresholds.
 * @param measure null: the figures could not be read this time
 */
export function levelRule(
  name: LastingRule,
  measure: (history: History, config: RulesConfig) => Measured[] | null,
  clear_ms = CLEAR_MS,
): Rule {
  return {
    name,
    evaluate(history, _now_ms, config) {
      const for_ms = config.detection[name].duration_s * 1000;
      const measured = measure(history, config);
      if (measured === null) return null;
      return measured
        .filter(({ level }) => level.holds)
        .map(({ key, level: { severity, threshold }, tell }) => ({
          key,
          severity,
          holds: true,
          for_ms,
          clear_ms,
          ...tell(threshold),
        }));
    },
  };
}
