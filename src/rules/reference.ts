import { RULES } from './checks/index.js';
import { rulesSchema } from './config.js';
import { timeText } from './engine/figures.js';
import type { AnyRule } from './engine/rule.js';
import { settingsFrom } from './engine/settings.js';

/** The table of docs/rules.md, from the figures of each rule at its defaults. */

const BEGIN = '<!-- Made from src/rules/reference.ts by `make docs`: change that. -->';
const END = '<!-- End of what is made. -->';

/** A row for each rule. */
export function rulesTable(): string {
  const settingsOf = settingsFrom(rulesSchema.parse({}));
  const rows = RULES.map((rule: AnyRule) => {
    const { id } = rule;
    const { fires, lasts_s, unless, ends, clear_s, severity } = rule.figures(settingsOf(rule));
    const lasts = [timeText(lasts_s), unless].filter(Boolean).join('; ');
    return `| [\`${id}\`](#${id}) | ${fires} | ${lasts} | ${ends} | ${timeText(clear_s)} | ${severity} |`;
  });
  return [
    '| Rule | Fires when | for | Ends when | for | Severity |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The page with the table as it must be. @throws when it has no place for one */
export function withRulesTable(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no place for the table between "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${rulesTable()}\n\n${page.slice(end)}`;
}
