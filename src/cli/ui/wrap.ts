import { clip, width } from '../../lib/text/width.js';

/** Lines of whole words; spaces at the beginning stay in front of each. A word that is too long is cut up. */
export function wrapped(text: string, columns: number): string[] {
  const indent = ' '.repeat(Math.min(/^ */.exec(text)![0].length, Math.floor(columns / 2)));
  const lines: string[] = [];
  let line = '';
  const end = (): void => {
    if (line !== '') lines.push(indent + line);
    line = '';
  };
  for (const word of text
    .trim()
    .split(' ')
    .flatMap(each => parts(each, columns - indent.length))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (width(longer) > columns - indent.length) {
      end();
      line = word;
    } else line = longer;
  }
  end();
  return lines.length === 0 ? [''] : lines;
}

function parts(word: string, columns: number): string[] {
  if (width(word) <= columns) return [word];
  const found: string[] = [];
  let rest = word;
  while (width(rest) > columns) {
    // `clip` ends with the mark of something left out.
    const piece = clip(rest, columns + 1).slice(0, -1);
    if (piece === '') break;
    found.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...found, rest];
}
