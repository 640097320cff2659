import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { valueAt } from '../../src/config/keys.js';
import { parseConfig } from '../../src/config/load.js';

/** A page of docs/ as its tests read it. */

export function readPage(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** The part below a heading, down to the next one of its level or above. */
export function section(page: string, heading: string): string {
  const [level] = /^#+/.exec(heading)!;
  const lines = page.split('\n');
  const begin = lines.indexOf(heading);
  expect(begin, `the heading "${heading}"`).toBeGreaterThanOrEqual(0);
  const end = lines.findIndex(
    (line, index) => index > begin && /^#+ /.test(line) && line.indexOf(' ') <= level.length,
  );
  return lines.slice(begin + 1, end < 0 ? undefined : end).join('\n');
}

/** The rows of its tables, without their titles, each a list of cells. */
export function rows(text: string): string[][] {
  const lines = text.split('\n');
  return lines
    .filter((line, index) => line.startsWith('| ') && !lines[index + 1]?.startsWith('|---'))
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    );
}

/** What stands between backquotes. */
export function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, inside]) => inside!);
}

/** `NAME leaks memory`: the words in capitals stand for any text. */
export function pattern(words: string, capitals: string): RegExp {
  const escaped = words.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replace(new RegExp(`\\b(${capitals})\\b`, 'g'), '.+')}$`, 's');
}

const defaults = parseConfig('', 'none');

/** The default of a key, as it stands in a page. */
export function defaultOf(key: string): string {
  const value = valueAt(defaults, key.split('.'));
  expect(value, `the key ${key}`).toBeDefined();
  return String(value);
}
