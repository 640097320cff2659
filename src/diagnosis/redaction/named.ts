import { isSecretValue, type Secrecy, secrecyOf } from './names.js';
import { valueEnd } from './values.js';

/**
 * Secrets that are known by the name beside them, however it is quoted, escaped or encoded: `--token=…`,
 * `--password …`, `API_KEY=…`, `{\"secret\":\"…\"}`, `%22pin%22%3A…`, `<pwd>…</pwd>`, `["--token","…"]`.
 */

export const REDACTED = '[redacted]';

/** What may close a quoted name: a quote at any depth of escaping, or as HTML, URLs or JSON write it. */
const CLOSE = String.raw`(?:\\{0,31}["'${'`'}]|&quot;|&#3[49];|%(?:25){0,4}2[27]|\\{1,31}u002[27]|\\{1,31}x2[27])`;
/** `=`, `:`, `=>`, `:=`, encoded ones; not `::` of a module or `://` of an address. */
const EQUALS = String.raw`(?:=>|:=|={1,2}|:(?!:|\/\/)|%(?:25){0,4}3[ADad]|\\{1,31}u003[ad])`;
const ASSIGNED = new RegExp(String.raw`${CLOSE}?\]?\s{0,3}${EQUALS}\s{0,40}`, 'y');
/** Between an option and its value: spaces, or the comma of a list. */
const NEXT_ARGUMENT = new RegExp(String.raw`${CLOSE}?\s{1,8}(?=\S)|${CLOSE}\s{0,3},\s{0,40}`, 'y');
/** `setPassword("…")`, `PASSWORD '…'` (SQL). */
const QUOTED_NEXT = /(?:\(\s{0,3}|\s{1,3}(?:by\s{1,3})?)(?=\\{0,31}["'])/iy;
/** What an encoded quote or line end in front of a name leaves stuck to it: `%22token`, `\u0022token`, `\ntoken`. */
const STUCK = {
  '%': /^(?:25)*[0-9A-Fa-f]{2}(?=[A-Za-z_])/,
  '\\': /^(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt])(?=[A-Za-z_-])/,
};
/** In lists of variables (`{"name":"DB_PASSWORD","value":"…"}`) the value comes so soon. */
const VALUE_WITHIN = 100;

/** What can stand between a name and its value begins with one of these. */
const LEADS_ON = /[\s=:"'`\\&%(\]>]/;

/** The same names come again and again. */
class Known {
  private readonly names = new Map<string, Secrecy>();

  of(name: string): Secrecy {
    let secrecy = this.names.get(name);
    if (secrecy !== undefined) return secrecy;
    secrecy = secrecyOf(name);
    if (this.names.size < 1_000) this.names.set(name, secrecy);
    return secrecy;
  }
}

interface Name {
  text: string;
  start: number;
  end: number;
  isOption: boolean;
}

/** Replaces the values of what is named like a secret. One pass from left to right. */
export function redactNamed(text: string): string {
  let out = '';
  let copied = 0;
  const known = new Known();
  let expected = { secrecy: 'no' as Secrecy, before: 0 };
  for (let at = 0; at < text.length; ) {
    if (!isNameChar(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const name = nameAt(text, at);
    at = name.end;
    if (!LEADS_ON.test(text[name.end] ?? '')) continue;
    const lower = name.text.toLowerCase();
    let secrecy = known.of(name.text);
    if (lower === 'value' && name.start < expected.before) secrecy = expected.secrecy;
    const start = valueStart(text, name, secrecy);
    if (start === null) continue;
    // The value may itself be `name=value`: go on right behind the separator.
    at = Math.max(start, at);
    const isLabel = lower === 'name' || lower === 'key';
    if (secrecy === 'no' && !isLabel) continue;
    const { from, to, next } = valueEnd(text, start, {
      secret: secrecy === 'secret',
      query: inQuery(text, name.start),
    });
    const value = text.slice(from, to);
    if (isLabel && /^[\w.-]{1,80}$/.test(value))
      expected = { secrecy: secrecyOf(value), before: next + VALUE_WITHIN };
    if (!isSecretValue(secrecy, value) || (from === start && isOption(value) && isSpaced(text, start)))
      continue;
    out += text.slice(copied, from) + REDACTED;
    copied = to;
    at = next;
  }
  return out + text.slice(copied);
}

function isNameChar(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46
  );
}

function nameAt(text: string, start: number): Name {
  let end = start + 1;
  while (end < text.length && isNameChar(text.charCodeAt(end))) end++;
  let run = text.slice(start, end);
  const before = text[start - 1];
  if (before === '%' || before === '\\') run = run.replace(STUCK[before], '');
  const plain = run.replace(/^-{1,2}/, '');
  return { text: plain, start, end, isOption: plain.length < run.length && /^[A-Za-z_]/.test(plain) };
}

/** Where the value of that name begins; null: it has none. */
function valueStart(text: string, name: Name, secrecy: Secrecy): number | null {
  const patterns = name.isOption
    ? [ASSIGNED, NEXT_ARGUMENT, QUOTED_NEXT]
    : secrecy === 'secret'
      ? [ASSIGNED, QUOTED_NEXT]
      : [ASSIGNED];
  for (const pattern of patterns) {
    pattern.lastIndex = name.end;
    const found = pattern.exec(text);
    if (found !== null) return name.end + found[0].length;
  }
  return secrecy === 'secret' && text[name.start - 1] === '<' ? elementStart(text, name.end) : null;
}

/** Behind `<password type="x">`. */
function elementStart(text: string, end: number): number | null {
  const close = text.slice(end, end + 200).search(/[<>]/);
  return close >= 0 && text[end + close] === '>' ? end + close + 1 : null;
}

/** Values in the query of a URL end at `&`; those of options and variables may contain it. */
function inQuery(text: string, at: number): boolean {
  return text[at - 1] === '?' || text[at - 1] === '&';
}

function isSpaced(text: string, start: number): boolean {
  return /\s/.test(text[start - 1] ?? '');
}

/** The next option rather than a value. */
function isOption(value: string): boolean {
  return value.startsWith('--') || /^-[A-Za-z]$/.test(value);
}
