import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { type Layout, layoutOf, type Pair } from './key-lines.js';

/**
 * One key of a TOML text, changed where it stands: everything else, comments and layout, stays as it is.
 * The result is read again and compared with what was meant, so an edit that does not fit is refused.
 */

/** The key cannot be changed where it stands; a person can. */
export class EditError extends Error {
  override readonly name = 'EditError';
}

/**
 * `value`: what smol-toml can write. The text must be valid TOML.
 * @throws EditError
 */
export function setKey(text: string, path: readonly string[], value: unknown): string {
  return checked(text, edited(text, layoutOf(text), path, tomlValue(value)), path, value);
}

/**
 * Takes the key away, with the rest of its line. Without it nothing changes.
 * @throws EditError
 */
export function unsetKey(text: string, path: readonly string[]): string {
  const pair = layoutOf(text).pairs.find(one => isSame(one.path, path));
  if (pair === undefined) return checked(text, text, path, undefined);
  if (pair.inline) throw new EditError(`"${path.join('.')}" stands in an inline table`);
  const start = text.lastIndexOf('\n', pair.start) + 1;
  return checked(text, text.slice(0, start) + text.slice(nextLine(text, pair.value_end)), path, undefined);
}

/** As it stands right of the equals sign. */
export function tomlValue(value: unknown): string {
  return stringify({ value })
    .trimEnd()
    .replace(/^value = /, '');
}

function edited(text: string, layout: Layout, path: readonly string[], value: string): string {
  const { pairs, headers } = layout;
  const present = pairs.find(pair => isSame(pair.path, path));
  if (present !== undefined) return splice(text, present.value_start, present.value_end, value);

  // The innermost of inline tables comes first: they are listed as they end.
  const around = pairs.find(pair => isWithin(path, pair.path));
  if (around !== undefined) return intoInlineTable(text, around, path, value);

  const parent = path.slice(0, -1);
  const header = headers.findIndex(one => !one.many && isSame(one.path, parent));
  if (header !== -1) {
    const last = pairs.findLast(pair => pair.header === header && !pair.inline);
    if (last !== undefined) return below(text, last, path, value);
    const end = nextLine(text, headers[header]!.start);
    return insertLines(text, end, [`${key(path.slice(-1))} = ${value}`]);
  }
  const sibling = pairs.findLast(pair => !pair.inline && isWithin(pair.path, parent));
  if (sibling !== undefined && (parent.length > 0 || sibling.header === -1))
    return below(text, sibling, path, value);
  if (parent.length === 0) return atTop(text, layout, `${key(path)} = ${value}`);
  const gap = text === '' || /\n\r?\n$/.test(text) ? [] : [''];
  return insertLines(text, text.length, [...gap, `[${key(parent)}]`, `${key(path.slice(-1))} = ${value}`]);
}

/** On a line of its own after `pair`, with its indentation. */
function below(text: string, pair: Pair, path: readonly string[], value: string): string {
  const indent = /[ \t]*$/.exec(text.slice(0, pair.start))?.[0] ?? '';
  const name = key(path.slice(pair.table.length));
  return insertLines(text, nextLine(text, pair.value_end), [`${indent}${name} = ${value}`]);
}

/** Top-level keys come before the first table, and before the comment that belongs to it. */
function atTop(text: string, { pairs, headers }: Layout, line: string): string {
  const last = pairs.findLast(pair => pair.header === -1 && !pair.inline);
  if (last !== undefined) return insertLines(text, nextLine(text, last.value_end), [line]);
  const [first] = headers;
  if (first === undefined) return insertLines(text, text.length, [line]);
  let at = text.lastIndexOf('\n', first.start) + 1;
  while (at > 0) {
    const before = text.lastIndexOf('\n', at - 2) + 1;
    if (!/^[ \t]*#/.test(text.slice(before, at))) break;
    at = before;
  }
  return insertLines(text, at, [line, '']);
}

function intoInlineTable(text: string, around: Pair, path: readonly string[], value: string): string {
  const { value_start, value_end } = around;
  if (text[value_start] !== '{') throw new EditError(`"${around.path.join('.')}" is no table in the file`);
  const name = key(path.slice(around.path.length));
  const inner = text.slice(value_start + 1, value_end - 1).trim();
  if (inner === '') return splice(text, value_start, value_end, `{ ${name} = ${value} }`);
  if (inner.includes('\n') || inner.endsWith(',')) {
    throw new EditError(`"${around.path.join('.')}" is an inline table of several lines`);
  }
  return splice(text, value_start, value_end, `{ ${inner}, ${name} = ${value} }`);
}

function insertLines(text: string, at: number, lines: readonly string[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = at > 0 && text[at - 1] !== '\n' ? eol : '';
  return splice(text, at, at, lead + lines.map(line => line + eol).join(''));
}

function splice(text: string, start: number, end: number, what: string): string {
  return text.slice(0, start) + what + text.slice(end);
}

/** Where the line after this place begins. */
function nextLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline + 1;
}

function key(names: readonly string[]): string {
  return names.map(name => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name))).join('.');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && isWithin(a, b);
}

/** `path` is `parent` or below it. */
function isWithin(path: readonly string[], parent: readonly string[]): boolean {
  return parent.length <= path.length && parent.every((name, i) => path[i] === name);
}

function checked(before: string, after: string, path: readonly string[], value: unknown): string {
  const wanted: unknown = parse(before);
  put(wanted as Record<string, unknown>, path, value);
  let got: unknown = null;
  try {
    got = parse(after);
  } catch {
    // Then it is not what was wanted either.
  }
  // Through text: the parser's tables have no prototype.
  if (!isDeepStrictEqual(plain(got), plain(wanted))) {
    throw new EditError(`"${path.join('.')}" cannot be changed where it stands in the file`);
  }
  return after;
}

function put(table: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    if (value === undefined) delete table[name];
    else table[name] = value;
    return;
  }
  const inner = table[name];
  if (typeof inner === 'object' && inner !== null) put(inner as Record<string, unknown>, rest, value);
  else if (value !== undefined) {
    table[name] = {};
    put(table[name] as Record<string, unknown>, rest, value);
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
