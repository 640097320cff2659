import type { Io } from './io.js';

export const JSON_OPTION = { type: 'boolean', default: false, describe: 'Print JSON' } as const;

/** Prints a value as JSON, or the lines that people read of it. */
export function printAnswer(
  io: Pick<Io, 'out'>,
  json: boolean,
  value: unknown,
  lines: () => readonly string[],
): void {
  io.out(`${json ? JSON.stringify(value, null, 2) : lines().join('\n')}\n`);
}
