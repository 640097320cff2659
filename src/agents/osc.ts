/**
 * Operating system commands: `ESC ] CODE ; PAYLOAD` ended by BEL or `ESC \`.
 * Source: ECMA-48 §5.6 and xterm's control sequences (OSC 0 and 2 set the window title).
 */
export interface Osc {
  code: number;
  payload: string;
  /** False when the text was cut before the terminator. */
  complete: boolean;
}

/** At most this many sequences are read out of one write. */
const MAX_SEQUENCES = 8;

/**
 * The sequences at the start of a write, in order. Stops at the first thing that is none: what follows is
 * the screen's content and not ours to read.
 */
export function parseOsc(text: string): Osc[] {
  const found: Osc[] = [];
  let rest = text;
  while (found.length < MAX_SEQUENCES) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    const match = /^\x1b\](\d{1,5})(?:;([^\x07\x1b]*))?(\x07|\x1b\\|$)/.exec(rest);
    if (match === null) break;
    found.push({ code: Number(match[1]), payload: match[2] ?? '', complete: match[3] !== '' });
    rest = rest.slice(match[0].length);
    if (match[3] === '') break;
  }
  return found;
}

export function isTitle(osc: Osc): boolean {
  return osc.code === 0 || osc.code === 2;
}

/** A title without the sign in front of it (a spinner, a star, a hand), which tells a state and no subject. */
export function plainTitle(title: string): string {
  return title.replace(/^[\p{S}·*] +/u, '').trim();
}
