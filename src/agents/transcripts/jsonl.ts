import { printable } from '../../lib/text/printable.js';

/** Longest description of a tool call that is kept. */
const MAX_DETAIL = 200;

/** The JSON objects of a text of lines; what does not parse (a line cut at either end, garbage) is skipped. */
export function* jsonLines(lines: string): Generator<Record<string, unknown>> {
  for (const line of lines.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) yield value as Record<string, unknown>;
    } catch {
      // cut or garbage: the next line may be whole
    }
  }
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** ISO 8601 to ms since the epoch. */
export function timeOf(value: unknown): number | null {
  const time_ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time_ms) ? time_ms : null;
}

/** `Bash: npm test`: the tool and the argument that says most, fit to be shown. */
export function detailOf(tool: string, input: unknown): string {
  const fields = typeof input === 'string' ? parseObject(input) : (input as Record<string, unknown> | null);
  const said =
    fields?.command ??
    fields?.cmd ??
    fields?.file_path ??
    fields?.path ??
    fields?.url ??
    fields?.pattern ??
    fields?.description;
  const argument = Array.isArray(said) ? said.join(' ') : text(said);
  return printable(argument === null ? tool : `${tool}: ${argument}`, MAX_DETAIL);
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
