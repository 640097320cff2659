import { printable } from './printable.js';

/** As one word of a command that somebody may paste into a shell: nothing in it is special there. */
export function shellWord(text: string): string {
  const shown = printable(text);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
