/** Bytes as bpftrace prints them with %rh: pairs of hexadecimal digits with a space between. */
export function bytesFromHex(words: readonly string[]): Buffer | null {
  const bytes = Buffer.alloc(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!/^[0-9a-f]{2}$/.test(word)) return null;
    bytes[i] = Number.parseInt(word, 16);
  }
  return bytes;
}

/** The text before the first NUL; invalid UTF-8 becomes U+FFFD. */
export function textBeforeNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** A whole decimal number, at most as large as JavaScript holds exactly; null for anything else. */
export function integer(word: string | undefined): number | null {
  if (word === undefined || !/^-?\d{1,16}$/.test(word)) return null;
  const value = Number(word);
  return Number.isSafeInteger(value) ? value : null;
}
