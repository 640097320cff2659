import { tomlValue } from './edit.js';
import { type ConfigKey, valueAt } from './keys.js';
import type { Config } from './schema.js';

/** The effective configuration as TOML that could be a file, a line at a time. */

export interface ShownLine {
  text: string;
  /** A key that the file does not name. */
  is_default: boolean;
}

/** `file`: what the file holds, as parsed. Keys without a value are left out. */
export function shownConfig(config: Config, file: unknown, keys: readonly ConfigKey[]): ShownLine[] {
  const plain = keys.filter(({ type }) => type !== 'tables');
  const lists = keys.filter(({ type }) => type === 'tables');
  const lines: ShownLine[] = [];
  let table = '';
  for (const key of [...plain].sort((a, b) => Number(a.path.length > 1) - Number(b.path.length > 1))) {
    const value = valueAt(config, key.path);
    if (value === undefined) continue;
    const parent = key.path.slice(0, -1).join('.');
    if (parent !== table) lines.push(line(''), line(`[${parent}]`));
    table = parent;
    const is_default = valueAt(file, key.path) === undefined;
    lines.push({ text: `${key.path.at(-1)} = ${tomlValue(value)}`, is_default });
  }
  for (const key of lists) {
    for (const entry of valueAt(config, key.path) as Record<string, unknown>[]) {
      lines.push(line(''), line(`[[${key.name}]]`));
      for (const [name, value] of Object.entries(entry))
        if (value !== undefined) lines.push(line(`${name} = ${tomlValue(value)}`));
    }
  }
  return lines[0]?.text === '' ? lines.slice(1) : lines;
}

function line(text: string): ShownLine {
  return { text, is_default: false };
}
