import wrapAnsi from 'wrap-ansi';

/** Lines of whole words; spaces at the beginning stay in front of each. A word that is too long is cut up. */
export function wrapped(text: string, columns: number): string[] {
  const indent = ' '.repeat(Math.min(/^ */.exec(text)![0].length, Math.floor(columns / 2)));
  const lines = wrapAnsi(text.trim(), columns - indent.length, { hard: true }).split('\n');
  return lines.map(line => (line === '' ? '' : indent + line));
}
