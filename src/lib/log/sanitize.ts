import { printable } from '../text/printable.js';

/**
 * A record before it is written: nothing in it may end its line, start another one or speak to the
 * terminal. Many of its strings come from processes that vigil watches.
 */

const MAX_TEXT = 4000;
const MAX_ITEMS = 100;
const MAX_DEPTH = 6;

export function sanitize(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return printable(value, MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => sanitize(item, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value).slice(0, MAX_ITEMS)) {
    out[printable(key, 100)] = key === 'stack' ? stackLines(child, depth) : sanitize(child, depth + 1);
  }
  return out;
}

/** A stack is the one text that keeps its lines: as a list, each of them harmless. */
function stackLines(stack: unknown, depth: number): unknown {
  return typeof stack === 'string'
    ? sanitize(stack.split('\n').slice(0, 50), depth + 1)
    : sanitize(stack, depth + 1);
}
