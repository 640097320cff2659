/**
 * Text from other processes, made fit for a terminal or a log: names, titles, paths and command lines are
 * whatever somebody wrote there, and a terminal obeys what it is shown.
 */

// Controls (C0, DEL, C1), line and paragraph separators, everything that reorders or hides what follows
// (bidi marks, embeddings, overrides and isolates, byte order mark, interlinear and tag characters), and
// surrogates without their other half. ZWJ and variation selectors stay: emoji need them.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/u;

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function visible(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** Every character that could move, hide or reorder what is shown becomes a visible escape. */
export function printable(text: string, max: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= max && !UNPRINTABLE.test(text)) return text;
  // Whole escapes only: `pieces` is cut, never the text of a piece. Reading stops soon after `max`.
  const pieces: string[] = [];
  let length = 0;
  for (const char of text) {
    const piece = UNPRINTABLE.test(char) ? visible(char) : char;
    pieces.push(piece);
    length += piece === char ? 1 : piece.length;
    if (length > max) return ellipsis(pieces, length, max);
  }
  return pieces.join('');
}

function ellipsis(pieces: string[], length: number, max: number): string {
  let left = length;
  while (pieces.length > 0 && left > max - 1) {
    const piece = pieces.pop()!;
    left -= [...piece].length;
  }
  return max < 1 ? '' : `${pieces.join('')}…`;
}
