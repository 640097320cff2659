import type { z } from 'zod';
import type { Alert, Severity, Subject } from '../../model/alert.js';
import type { History } from './history.js';
import type { Windows } from './process-track.js';

/** Keys of the configuration with their schemas, each with a default and a description. */
export type Keys = Record<string, z.ZodType>;

/** What a rule reads of the configuration. */
export type Settings<K extends Keys, T extends Keys> = { enabled: boolean } & Values<K> & Values<T>;
type Values<K extends Keys> = { [Name in keyof K]: z.output<K[Name]> };

/** A rule that declares no keys. */
// biome-ignore lint/complexity/noBannedTypes: no keys at all, where Record<string, never> would forbid all
export type NoKeys = {};

/**
 * One kind of trouble: looks at what is known and says what is bad, or nearly so, at this moment. Pure: no
 * clock, no memory of its own. What has to last before it is worth a word, and when it is over, is the
 * business of the alerts (alert-store.ts).
 */
export interface Rule<Id extends string, K extends Keys = NoKeys, T extends Keys = NoKeys> {
  /** As alerts and the configuration name it: `[detection.ID]`. */
  id: Id;
  /** What it is about, in a few words: the description of its table. */
  about: string;
  /** Of its table, beside `enabled`. */
  keys?: K;
  /** Its keys in `[thresholds]`. */
  thresholds?: T;
  /** Thresholds of which none may be above the next. */
  ascending?: readonly (keyof T & string)[];
  /** Its row of the table of all rules. */
  figures(settings: Settings<K, T>): Figures;
  /**
   * @param settingsOf the settings of other rules
   * @returns null: what it looks at could not be read this time
   */
  check(
    history: History,
    now_ms: number,
    settings: Settings<K, T>,
    settingsOf: SettingsOf,
  ): Candidate[] | null;
  /**
   * After a start it looks for so long before it can see the trouble of this alert again, though it never went
   * away. Without it: it sees it in the first snapshot, or in one of the next.
   */
  sees_again_ms?(settings: Settings<K, T>, alert: Alert): number;
  /** Takes from an open alert of the run before what snapshots do not show any more. */
  restore?(history: History, alert: Alert): void;
  /** How far back the series must reach that it looks at. */
  windows?(settings: Settings<K, T>): Partial<Windows>;
}

/** Any rule, for who treats all alike. */
export type AnyRule = Rule<string, Keys, Keys>;

/** The settings of a rule, this one or another: the keys of its table and its thresholds. */
export type SettingsOf = <K extends Keys, T extends Keys>(rule: Rule<string, K, T>) => Settings<K, T>;

/** A rule with the types of its keys. */
export function defineRule<const Id extends string, K extends Keys = NoKeys, T extends Keys = NoKeys>(
  rule: Rule<Id, K, T>,
): Rule<Id, K, T> {
  return rule;
}

/** When a rule fires and when its alert ends, in words. */
export interface Figures {
  fires: string;
  /** It must last so long before it is said; 0: it is said at once. */
  lasts_s: number;
  /** What else is to be said of that time. */
  unless?: string;
  ends: string;
  /** It must be over for so long. */
  clear_s: number;
  severity: string;
}

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
  instead_of?: readonly { rule: string; key: string }[];
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
