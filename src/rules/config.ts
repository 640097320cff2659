import { z } from 'zod';
import { BY_GROUP, LIVE } from '../model/config-key.js';
import { allowlist } from './allowlist/config.js';
import { RULES } from './checks/index.js';
import type { AnyRule } from './engine/rule.js';
import { detectionTable, thresholdsTable } from './engine/settings.js';

/**
 * `[thresholds]`, `[detection.*]` and `[allowlist]`: what counts as trouble, for how long, and for whom not. Made from
 * what the rules declare.
 */
export function rulesSections<const R extends readonly AnyRule[]>(rules: R) {
  const tables = Object.fromEntries(rules.map(rule => [rule.id, detectionTable(rule)]));
  const thresholds = thresholdsTable(rules)
    .describe('From where on something is too much.')
    .meta({ ...BY_GROUP, ...LIVE })
    .prefault({});
  const detection = z
    .strictObject(tables)
    .describe('The rules, a table each.')
    .meta({ ...BY_GROUP, ...LIVE })
    .prefault({} as never);
  return {
    thresholds: thresholds as unknown as z.ZodType<Thresholds<R[number]>>,
    detection: detection as unknown as z.ZodType<Detection<R[number]>>,
    allowlist: allowlist.prefault({}),
  };
}

type Values<K> = { [Name in keyof K]: z.output<K[Name]> };
type Detection<R extends AnyRule> = {
  [Each in R as Each['id']]: { enabled: boolean } & Values<NonNullable<Each['keys']>>;
};
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;
type Thresholds<R extends AnyRule> = All<R extends unknown ? Values<NonNullable<R['thresholds']>> : never>;

export const rulesConfig = rulesSections(RULES);
export const rulesSchema = z.strictObject(rulesConfig);
export type RulesConfig = z.infer<typeof rulesSchema>;
