import { z } from 'zod';
import type { AnyRule, Keys, Rule, Settings, SettingsOf } from './rule.js';

/** The configuration of rules, made from what each rule declares: `[thresholds]` and `[detection.ID]`. */

export const percent = (value: number, words: string) =>
  z.number().min(0).max(100).default(value).describe(words);

export const seconds = (value: number, words: string) =>
  z.int().min(0).max(604_800).default(value).describe(words);

export const minutes = (value: number, words: string) =>
  z.number().min(0.1).max(1440).default(value).describe(words);

/** The key `duration_s` of rules that wait before they speak. */
export const lasting = (duration_s: number) => seconds(duration_s, 'It must last so long.');

const enabled = z.boolean().default(true).describe('Look for it.');

/** `[detection.ID]` of one rule. */
export function detectionTable({ about, keys }: AnyRule) {
  return z
    .strictObject({ enabled, ...keys })
    .describe(about)
    .prefault({} as never);
}

/** The keys of all rules in `[thresholds]`, and which of them must not be above which. @throws on a key of two rules */
export function thresholdsTable(rules: readonly AnyRule[]) {
  const keys: Record<string, z.ZodType> = {};
  for (const rule of rules) {
    for (const [name, schema] of Object.entries(rule.thresholds ?? {})) {
      if (name in keys) throw new Error(`two rules declare thresholds.${name}`);
      keys[name] = schema as z.ZodType;
    }
  }
  return z.strictObject(keys).superRefine((values, ctx) => {
    for (const { ascending = [] } of rules) {
      for (let i = 1; i < ascending.length; i++) {
        const [lower, upper] = [ascending[i - 1]!, ascending[i]!];
        if (Number(values[lower]) <= Number(values[upper])) continue;
        const message = `must not be above ${upper} (${values[upper]})`;
        ctx.addIssue({ code: 'custom', path: [lower], message });
      }
    }
  });
}

/** The part of the configuration that rules read. */
export interface RuleTables {
  thresholds: Readonly<Record<string, unknown>>;
  /** By id. A rule without a table is not enabled. */
  detection: Readonly<Record<string, { enabled: boolean }>>;
}

export function settingsFrom({ thresholds, detection }: RuleTables): SettingsOf {
  const known = new Map<string, unknown>();
  return <K extends Keys, T extends Keys>(rule: Rule<string, K, T>) => {
    if (!known.has(rule.id)) {
      const own = Object.keys(rule.thresholds ?? {}).map(name => [name, thresholds[name]]);
      known.set(rule.id, { enabled: false, ...detection[rule.id], ...Object.fromEntries(own) });
    }
    return known.get(rule.id) as Settings<K, T>;
  };
}
