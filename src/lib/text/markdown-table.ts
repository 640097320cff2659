/** A table of a page of docs/, its cells as they are: a `|` in one is for `cell` to escape. Without a line's end. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Text in a cell. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
