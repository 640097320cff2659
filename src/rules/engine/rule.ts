import type { Alert, Severity, Subject } from '../../model/alert.js';
import type { RulesConfig } from '../config.js';
import type { History } from './history.js';

/**
 * One kind of trouble: looks at what is known and says what is bad, or nearly so, at this moment. Pure: no
 * clock, no memory of its own. What has to last before it is worth a word, and when it is over, is the
 * business of the book (alerts/book.ts).
 */
export interface Rule {
  /** Also its table in the configuration, `[detection.NAME]`. */
  name: RuleName;
  /** Null: what it looks at could not be read this time. */
  evaluate(history: History, now_ms: number, config: RulesConfig): Candidate[] | null;
  /**
   * After a start it looks for so long before it can see the trouble of this alert again, though it never went
   * away. Without it: it sees it in the first snapshot, or in one of the next.
   */
  sees_again_ms?(config: RulesConfig, alert: Alert): number;
  /** Takes from an open alert of the run before what snapshots do not show any more. */
  recall?(history: History, alert: Alert): void;
}

export type RuleName = keyof RulesConfig['detection'];

/** What a rule found: trouble, or a remainder of it that only keeps an open alert open. */
export interface Candidate {
  /** Of the subject as it is known now, unique within the rule. */
  key: string;
  /** How bad it is now; null: not bad enough to open an alert. */
  severity: Severity | null;
  /** Bad enough for an open alert to stay open: the lower edge of the hysteresis. True whenever severity is not null. */
  holds: boolean;
  /** It must be that bad for so long before an alert opens; 0: the rule has measured that itself. */
  for_ms: number;
  /** The alert closes when it has not held for so long. */
  clear_ms: number;
  subject: Subject;
  /** Another key is another trouble, though of the same processes: zombies of another parent, another OOM kill. */
  exact_key?: true;
  title: string;
  text: string;
  suggestion: string | null;
  numbers: Readonly<Record<string, number>>;
  /**
   * Milder words on the same trouble. While this is bad, or its alert open, they are not said; those that are open
   * end when it opens.
   */
  instead_of?: readonly { rule: RuleName; key: string }[];
}

/** The key that the alert's rule gave to its subject. */
export function subjectKey({ rule, key }: Alert): string {
  return key.slice(rule.length + 1);
}

/** A candidate with the name of its rule; its key is unique among all rules. */
export interface Finding extends Omit<Candidate, 'instead_of'> {
  rule: string;
  /** Keys of findings. */
  instead_of?: readonly string[];
}

export function findingOf(rule: string, { key, instead_of, ...rest }: Candidate): Finding {
  const keyOf = (of: { rule: string; key: string }) => `${of.rule}:${of.key}`;
  return {
    ...rest,
    rule,
    key: keyOf({ rule, key }),
    ...(instead_of && { instead_of: instead_of.map(keyOf) }),
  };
}
