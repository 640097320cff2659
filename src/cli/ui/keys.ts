import { StringDecoder } from 'node:string_decoder';

/** What a terminal in raw mode sends, as keys: `a`, `K`, `up`, `enter`, `ctrl-c`, or `paste:` and a text. */
export type Key = string;

const SEQUENCES: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[Z': 'backtab',
  '[1~': 'home',
  '[3~': 'delete',
  '[4~': 'end',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[7~': 'home',
  '[8~': 'end',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
};

const CONTROLS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\u007f': 'backspace',
};

const ESC = '\u001b';
const PASTE_BEGINS = '[200~';
const PASTE_ENDS = `${ESC}[201~`;
/** More is no key and no text that anybody pastes here. */
const MAX_PENDING = 65_536;

/** Keys of a byte stream that is cut anywhere. */
export class KeyDecoder {
  private readonly utf8 = new StringDecoder('utf8');
  private rest = '';

  /** All that is whole; an escape alone may be the beginning of more, until `flush()`. */
  push(chunk: Buffer): Key[] {
    this.rest += this.utf8.write(chunk);
    const keys: Key[] = [];
    while (this.rest !== '') {
      const taken = take(this.rest);
      if (taken === null) break;
      this.rest = this.rest.slice(taken.length);
      if (taken.key !== null) keys.push(taken.key);
    }
    if (this.rest.length > MAX_PENDING) this.rest = '';
    return keys;
  }

  /** Nothing more came for a while: an escape was the key of that name. */
  flush(): Key[] {
    const alone = this.rest === ESC;
    if (!this.rest.startsWith(ESC + PASTE_BEGINS)) this.rest = '';
    return alone ? ['escape'] : [];
  }

  get pending(): boolean {
    return this.rest !== '';
  }
}

/** The first key of a text that is not empty; `key` null: a sequence without a meaning; null: not whole yet. */
function take(text: string): { key: Key | null; length: number } | null {
  const first = String.fromCodePoint(text.codePointAt(0)!);
  if (first !== ESC) return { key: plain(first), length: first.length };
  if (text.length === 1) return null;
  if (text.startsWith(ESC + PASTE_BEGINS)) {
    const end = text.indexOf(PASTE_ENDS);
    if (end < 0) return null;
    return {
      key: `paste:${text.slice(ESC.length + PASTE_BEGINS.length, end)}`,
      length: end + PASTE_ENDS.length,
    };
  }
  if (text[1] === '[' || text[1] === 'O') return sequence(text);
  // Escape, and something else after it.
  return { key: 'escape', length: 1 };
}

function sequence(text: string): { key: Key | null; length: number } | null {
  // CSI: parameters, then one final character; SS3: one character.
  const end = text[1] === 'O' ? 2 : 2 + text.slice(2).search(/[^0-9;:<=>?]/);
  if (end < 2 || end >= text.length) return null;
  return { key: SEQUENCES[text.slice(1, end + 1)] ?? null, length: end + 1 };
}

function plain(char: string): Key | null {
  const named = CONTROLS[char];
  if (named !== undefined) return named;
  const code = char.codePointAt(0)!;
  if (code >= 0x20) return char;
  return code >= 1 && code <= 26 ? `ctrl-${String.fromCharCode(0x60 + code)}` : null;
}
