import { withMadeSection } from '../lib/text/made-section.js';
import { markdownTable } from '../lib/text/markdown-table.js';
import { RULES } from './checks/index.js';
import { rulesSchema } from './config.js';
import { timeText } from './engine/figures.js';
import type { AnyRule } from './engine/rule.js';
import { settingsFrom } from './engine/settings.js';

/** The table of docs/rules.md, from the figures of each rule at its defaults. */

/** A row for each rule. */
export function rulesTable(): string {
  const settingsOf = settingsFrom(rulesSchema.parse({}));
  const rows = RULES.map((rule: AnyRule) => {
    const { id } = rule;
    const { fires, lasts_s, unless, ends, clear_s, severity } = rule.figures(settingsOf(rule));
    const lasts = [timeText(lasts_s), unless].filter(Boolean).join('; ');
    return [`[\`${id}\`](#${id})`, fires, lasts, ends, timeText(clear_s), severity];
  });
  return markdownTable(['Rule', 'Fires when', 'for', 'Ends when', 'for', 'Severity'], rows);
}

/** The page with the table as it must be. @throws when it has no place for one */
export function withRulesTable(page: string): string {
  return withMadeSection(page, 'src/rules/reference.ts', rulesTable());
}
