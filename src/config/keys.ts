import { parse } from 'smol-toml';
import { nearest } from '../lib/text/nearest.js';
import { printable } from '../lib/text/printable.js';
import type { ChangedBy, KeyMarks } from '../model/config-key.js';
import { configJsonSchema, type SchemaNode } from './schema.js';

/** The keys of the configuration, as `vigil config get` and `set` name them: `actions.mode`. */

export interface ConfigKey {
  name: string;
  path: readonly string[];
  /** `tables`: a list of tables, `[[webhooks]]`. */
  type: 'text' | 'number' | 'boolean' | 'list' | 'tables';
  /** What it can be; null: not a choice. */
  values: readonly string[] | null;
  changed_by: ChangedBy;
  /** A running daemon takes a change of it over. */
  live: boolean;
  /** Names that it had before. */
  formerly: readonly string[];
}

let known: readonly ConfigKey[] | null = null;

/** All of them, in the order of the schema. Keys within lists of tables have no name of their own. */
export function configKeys(): readonly ConfigKey[] {
  known ??= keysOf(configJsonSchema(), [], {});
  return known;
}

/** The present name of each key by all names that it has or had. */
export function presentNames(): ReadonlyMap<string, string> {
  return new Map(
    configKeys().flatMap(({ name, formerly }) => [name, ...formerly].map(each => [each, name] as const)),
  );
}

/** There is no such key. The message names the nearest. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
}

/** The key of that name, present or former. @throws UnknownKeyError */
export function findKey(name: string): ConfigKey {
  const found = configKeys().find(key => key.name === name || key.formerly.includes(name));
  if (found !== undefined) return found;
  throw new UnknownKeyError(unknownKey(name));
}

/** The key, or all keys of the table. @throws UnknownKeyError */
export function findKeys(name: string): readonly ConfigKey[] {
  const found = configKeys().filter(
    key => key.name === name || key.name.startsWith(`${name}.`) || key.formerly.includes(name),
  );
  if (found.length > 0) return found;
  throw new UnknownKeyError(unknownKey(name));
}

function unknownKey(name: string): string {
  const present = presentNames();
  const names = [...present.keys()];
  const lasts = names.map(each => each.split('.').at(-1)!);
  const last = name.split('.').at(-1)!;
  const meant =
    nearest(name, names) ?? names[lasts.indexOf(last)] ?? names[lasts.indexOf(nearest(last, lasts) ?? '')];
  const hint =
    meant === undefined ? 'vigil config show lists them all' : `did you mean "${present.get(meant)}"?`;
  return `there is no key "${printable(name, 100)}": ${hint}`;
}

/**
 * A value as a person types it: texts without quotes, lists as `["a", "b"]` or `a,b`. What does not fit the
 * key's type comes back as text, for the schema to complain about.
 */
export function valueFrom(key: ConfigKey, typed: string): unknown {
  const value = parsedValue(typed);
  if (key.type === 'text') return typeof value === 'string' ? value : typed;
  if (key.type !== 'list' || Array.isArray(value)) return value ?? typed;
  if (typed.startsWith('[')) return typed;
  const words = typed
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '');
  // Numbers, when all of them are.
  const numbers = words.map(word => parsedValue(word));
  return numbers.every(one => typeof one === 'number') ? numbers : words;
}

/** Undefined: it is no value of TOML. */
function parsedValue(typed: string): unknown {
  try {
    const { value, ...rest } = parse(`value = ${typed}`);
    return Object.keys(rest).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value at a path of nested tables; undefined where there is none. */
export function valueAt(table: unknown, path: readonly string[]): unknown {
  let at = table;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** `ofTable`: the marks of the table that the keys are in. */
function keysOf(schema: SchemaNode, path: readonly string[], ofTable: KeyMarks): readonly ConfigKey[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]): readonly ConfigKey[] => {
    const inner = [...path, name];
    const marks = { ...ofTable, ...marksOf(child) };
    if (child.properties !== undefined) return keysOf(child, inner, marks);
    const type = typeOf(child);
    const values = (child.enum as string[] | undefined) ?? null;
    const goesWithTable = values !== null || type === 'number' || type === 'boolean';
    const changed_by = child.changed_by ?? (goesWithTable ? ofTable.changed_by : undefined) ?? 'root';
    const { formerly = [] } = child;
    return [
      { name: inner.join('.'), path: inner, type, values, changed_by, live: marks.live ?? false, formerly },
    ];
  });
}

function marksOf({ changed_by, live }: SchemaNode): KeyMarks {
  return { ...(changed_by !== undefined && { changed_by }), ...(live !== undefined && { live }) };
}

function typeOf({ type, items }: SchemaNode): ConfigKey['type'] {
  if (type === 'array') return items?.properties === undefined ? 'list' : 'tables';
  if (type === 'boolean') return 'boolean';
  return type === 'integer' || type === 'number' ? 'number' : 'text';
}
