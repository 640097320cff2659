/** Colours, for those who can and want to see them. */

const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;
export type Style = keyof typeof CODES;

export function paint(text: string, styles: readonly Style[], color: boolean): string {
  if (!color || styles.length === 0 || text === '') return text;
  return `\u001b[${styles.map(style => CODES[style]).join(';')}m${text}\u001b[0m`;
}
