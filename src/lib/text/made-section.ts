/** The end of what is made in a page of docs/. */
const END = '<!-- End of what is made. -->';

/**
 * A page of docs/ with one part of it made anew: what stands between the line that names its source and the end mark.
 * @throws when the page has no place for it
 */
export function withMadeSection(page: string, source: string, made: string): string {
  const head = `<!-- Made from ${source} by \`make docs\`: change that. -->`;
  const begin = page.indexOf(head);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`no place for the table between "${head}" and "${END}"`);
  return `${page.slice(0, begin)}${head}\n\n${made}\n\n${page.slice(end)}`;
}
