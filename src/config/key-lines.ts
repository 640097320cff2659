import { parse } from 'smol-toml';

/**
 * Where each key of a TOML text stands. The parser keeps no positions, so this walks the text again; the
 * text is known to be valid TOML. Paths join keys and array indexes: `agents.0.name`.
 */

export type KeyPath = readonly PropertyKey[];

/** `key = value`. Offsets count UTF-16 units from the start of the text. */
export interface Pair {
  path: readonly string[];
  /** The table that the key is written in: the rest of the path is the key as it stands there. */
  table: readonly string[];
  /** Which header it stands below, by its index in `headers`; -1: above all of them. */
  header: number;
  /** Within an inline table. */
  inline: boolean;
  start: number;
  value_start: number;
  value_end: number;
}

/** `[a.b]` or `[[a.b]]`, from the bracket on. */
export interface Header {
  path: readonly string[];
  many: boolean;
  start: number;
}

export interface Layout {
  lines: ReadonlyMap<string, number>;
  pairs: readonly Pair[];
  headers: readonly Header[];
}

export const pathKey = (path: KeyPath): string => JSON.stringify(path.map(String));

export function keyLines(text: string): ReadonlyMap<string, number> {
  return layoutOf(text).lines;
}

export function layoutOf(text: string): Layout {
  return new Walker(text).walk();
}

/** The line of the key, or of the nearest table around it. */
export function lineOf(lines: ReadonlyMap<string, number>, path: KeyPath): number | null {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(pathKey(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return null;
}

class Walker implements Layout {
  readonly lines = new Map<string, number>();
  readonly pairs: Pair[] = [];
  readonly headers: Header[] = [];
  private at = 0;
  private line = 1;
  private readonly tables = new Map<string, number>();

  constructor(private readonly text: string) {}

  walk(): Layout {
    let table: string[] = [];
    for (this.skipBlank(true); this.at < this.text.length; this.skipBlank(true)) {
      if (this.peek() === '[') table = this.header();
      else this.pair(table, false);
    }
    return this;
  }

  private peek(): string {
    return this.text[this.at] ?? '';
  }

  private next(): string {
    const char = this.text[this.at++] ?? '';
    if (char === '\n') this.line++;
    return char;
  }

  private skipBlank(newlines: boolean): void {
    for (;;) {
      const char = this.peek();
      if (char === '#') while (this.at < this.text.length && this.peek() !== '\n') this.next();
      else if (char === ' ' || char === '\t' || char === '\r' || (newlines && char === '\n')) this.next();
      else return;
    }
  }

  private mark(path: string[], line: number): void {
    const key = pathKey(path);
    if (!this.lines.has(key)) this.lines.set(key, line);
  }

  /** `[a.b]` or `[[a.b]]`; answers the path that the keys below it belong to. */
  private header(): string[] {
    const { line, at: start } = this;
    this.next();
    const many = this.peek() === '[';
    if (many) this.next();
    const names = this.key();
    while (this.at < this.text.length && this.peek() !== '\n') this.next();
    const path = this.resolve(names.slice(0, -1));
    path.push(names.at(-1) ?? '');
    this.mark(path, line);
    if (!many) {
      const resolved = this.resolve(names);
      this.headers.push({ path: resolved, many, start });
      return resolved;
    }
    const name = pathKey(path);
    const index = this.tables.get(name) ?? 0;
    this.tables.set(name, index + 1);
    path.push(String(index));
    this.mark(path, line);
    this.headers.push({ path, many, start });
    return path;
  }

  /** Names of arrays of tables stand for their latest table. */
  private resolve(names: string[]): string[] {
    const path: string[] = [];
    for (const name of names) {
      path.push(name);
      const count = this.tables.get(pathKey(path));
      if (count !== undefined) path.push(String(count - 1));
    }
    return path;
  }

  private pair(table: readonly string[], inline: boolean): void {
    const { line, at: start } = this;
    const path = [...table, ...this.key()];
    for (let length = table.length + 1; length <= path.length; length++)
      this.mark(path.slice(0, length), line);
    this.skipBlank(false);
    this.next(); // =
    this.skipBlank(false);
    const value_start = this.at;
    this.value(path);
    const value_end = value_start + this.text.slice(value_start, this.at).trimEnd().length;
    const header = this.headers.length - 1;
    this.pairs.push({ path, table, header, inline, start, value_start, value_end });
  }

  private key(): string[] {
    const names: string[] = [];
    for (;;) {
      this.skipBlank(false);
      const char = this.peek();
      names.push(char === '"' || char === "'" ? this.quotedName() : this.bare());
      this.skipBlank(false);
      if (this.peek() !== '.') return names;
      this.next();
    }
  }

  private bare(): string {
    const start = this.at;
    while (/[A-Za-z0-9_-]/.test(this.peek())) this.next();
    if (this.at === start) this.next(); // never stand still
    return this.text.slice(start, this.at);
  }

  private quotedName(): string {
    const start = this.at;
    const body = this.string();
    if (!body.includes('\\') || this.text[start] === "'") return body;
    try {
      return String(parse(`name = ${this.text.slice(start, this.at)}`).name);
    } catch {
      return body;
    }
  }

  private string(): string {
    const quote = this.peek();
    const long = this.text.startsWith(quote.repeat(3), this.at);
    const end = long ? quote.repeat(3) : quote;
    for (let i = 0; i < end.length; i++) this.next();
    const start = this.at;
    while (this.at < this.text.length && !this.text.startsWith(end, this.at)) {
      if (quote === '"' && this.peek() === '\\') this.next();
      this.next();
    }
    const body = this.text.slice(start, this.at);
    for (let i = 0; i < end.length; i++) this.next();
    // A long string may end in up to two quotes of its own.
    if (long) while (this.peek() === quote) this.next();
    return body;
  }

  private value(path: string[]): void {
    this.skipBlank(true);
    const char = this.peek();
    if (char === '"' || char === "'") this.string();
    else if (char === '[') this.array(path);
    else if (char === '{') this.inlineTable(path);
    else this.scalar();
  }

  private scalar(): void {
    const start = this.at;
    while (this.at < this.text.length && !/[\n,\]}#]/.test(this.peek())) this.next();
    if (this.at === start) this.next(); // never stand still
  }

  private array(path: string[]): void {
    this.next();
    for (let index = 0; this.at < this.text.length; index++) {
      this.skipBlank(true);
      if (this.peek() === ']') break;
      const element = [...path, String(index)];
      this.mark(element, this.line);
      this.value(element);
      this.skipBlank(true);
      if (this.peek() === ',') this.next();
    }
    this.next();
  }

  private inlineTable(path: string[]): void {
    this.next();
    while (this.at < this.text.length) {
      this.skipBlank(true);
      if (this.peek() === '}') break;
      this.pair(path, true);
      this.skipBlank(true);
      if (this.peek() === ',') this.next();
    }
    this.next();
  }
}
