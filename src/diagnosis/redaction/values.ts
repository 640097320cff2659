/** Where a value ends: quoted at any depth of escaping, encoded, a list, an object, or bare. */

export interface ValueEnd {
  /** The value without its quotes. */
  from: number;
  to: number;
  /** Behind the closing quote. */
  next: number;
}

export interface ValueOptions {
  /** It goes for certain: then it is read to its end, however far. */
  secret: boolean;
  /** In the query of a URL. */
  query: boolean;
}

/** A value that perhaps is a secret is looked at so far: looking at each to the end would cost quadratic time. */
const MAX_PERHAPS = 512;

const OPEN = /[$@bBrRuUfF]{0,2}(\\{0,31})(["'`])/y;
const ENCODED_OPEN = /&quot;|&#3[49];|%(?:25){0,4}2[27]|\\{1,31}u002[27]|\\{1,31}x2[27]/y;
/** A block of YAML: the value is on the next line. */
const BLOCK = /[|>][+-]?\s{1,40}/y;
/** Up to white space or a quote that closes something; a quote amid other characters belongs to it. */
const BARE = /(?:[^\s"'`<]+|["'`](?=[^\s,;:)}\]|&>"'`\\])|<(?!\/))+/y;
const IN_QUERY = /[^\s"'`&;,<]+/y;
/** What is glued to a closing quote belongs to the same word: `'it'\''s'`. */
const GLUED = /(?:\\.|[^\s"'`,;)}\]:&|<>\\]|'[^']*'|"[^"]*")+/y;

export function valueEnd(text: string, start: number, options: ValueOptions): ValueEnd {
  const limit = options.secret ? text.length : Math.min(text.length, start + MAX_PERHAPS);
  const open = sticky(OPEN, text, start);
  if (open !== null)
    return quotedEnd(text, start + open[0].length, open[1]!.length, open[2]!, limit, options.secret);
  const encoded = sticky(ENCODED_OPEN, text, start);
  if (encoded !== null) {
    const from = start + encoded[0].length;
    const to = text.slice(0, limit).indexOf(encoded[0], from);
    if (to >= 0) return { from, to, next: to + encoded[0].length };
    return bareEnd(text, from, options.query);
  }
  if (options.secret && (text[start] === '[' || text[start] === '{')) return bracketEnd(text, start);
  const block = sticky(BLOCK, text, start);
  return bareEnd(text, start + (block?.[0].length ?? 0), options.query);
}

/** The closing quote is escaped as deep as the opening one, or less: then a text around it ends. */
function quotedEnd(
  text: string,
  from: number,
  depth: number,
  quote: string,
  limit: number,
  secret: boolean,
): ValueEnd {
  let slashes = 0;
  for (let at = from; at < limit; at++) {
    const char = text[at];
    if (char === '\\') {
      slashes++;
      continue;
    }
    if (char === quote && slashes <= depth) {
      const glued = depth === 0 && secret ? (sticky(GLUED, text, at + 1)?.[0].length ?? 0) : 0;
      if (glued > 0) return { from, to: at + 1 + glued, next: at + 1 + glued };
      return { from, to: at - slashes, next: at + 1 };
    }
    slashes = 0;
  }
  return { from, to: limit, next: limit };
}

/** A list or an object, whole; unclosed, everything that follows. */
function bracketEnd(text: string, start: number): ValueEnd {
  const open = text[start]!;
  const close = open === '[' ? ']' : '}';
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) {
      const glued = bareEnd(text, at + 1, false);
      const to = /^[\s,;:)}\]]|^$/.test(text[at + 1] ?? '') ? at + 1 : glued.to;
      return { from: start, to, next: to };
    }
  }
  return { from: start, to: text.length, next: text.length };
}

function bareEnd(text: string, start: number, query: boolean): ValueEnd {
  const value = sticky(query ? IN_QUERY : BARE, text, start)?.[0] ?? '';
  // Those in front of a quote are its.
  const isQuote = /["'`]/.test(text[start + value.length] ?? '');
  const kept = isQuote ? value.replace(/\\{1,31}$/, '') : value.replace(/[;,]$/, '');
  const to = start + kept.length;
  return { from: start, to, next: to };
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
