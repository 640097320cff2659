import type { History } from './history.js';
import type { Level } from './level.js';
import type { Candidate, Figures, Keys, NoKeys, Rule, Settings } from './rule.js';
import { lasting } from './settings.js';

/** One figure beside its thresholds. */
export interface Measured {
  /** Of the subject, as in a candidate. */
  key: string;
  level: Level;
  /** Whom it is about and what is said; asked for only where the level holds. `threshold`: the one that counts. */
  describe(threshold: number): Pick<Candidate, 'subject' | 'title' | 'text' | 'suggestion' | 'numbers'>;
}

/** Longer than a short dip below the threshold. */
const CLEAR_S = 30;

type Duration = { duration_s: ReturnType<typeof lasting> };

export interface LevelRule<Id extends string, T extends Keys>
  extends Pick<Rule<Id, NoKeys, T>, 'id' | 'about' | 'thresholds' | 'ascending'> {
  /** The default of its key `duration_s`: it must last so long. */
  duration_s: number;
  /** Its alert ends when it has not held for so long; 30 s where it is not given. */
  clear_s?: number;
  figures(settings: Settings<NoKeys, T>): Pick<Figures, 'fires' | 'ends' | 'severity'>;
  /** Null: the figures could not be read this time. */
  measure(history: History, settings: Settings<NoKeys, T>): Measured[] | null;
}

/** A rule that compares figures of this moment with thresholds. */
export function levelRule<const Id extends string, T extends Keys = NoKeys>(
  rule: LevelRule<Id, T>,
): Rule<Id, Duration, T> {
  const { id, about, thresholds, ascending, duration_s, clear_s = CLEAR_S } = rule;
  return {
    id,
    about,
    keys: { duration_s: lasting(duration_s) },
    ...(thresholds && { thresholds }),
    ...(ascending && { ascending }),
    figures: settings => ({ ...rule.figures(settings), lasts_s: settings.duration_s, clear_s }),
    check(history, _now_ms, settings) {
      const for_ms = settings.duration_s * 1000;
      const measured = rule.measure(history, settings);
      if (measured === null) return null;
      return measured
        .filter(({ level }) => level.holds)
        .map(({ key, level: { severity, threshold }, describe }) => ({
          key,
          severity,
          holds: true,
          for_ms,
          clear_ms: clear_s * 1000,
          ...describe(threshold),
        }));
    },
  };
}
