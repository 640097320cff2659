import { redactNamed } from './secret-names.js';
import { redactShapes } from './secret-shapes.js';

/**
 * Takes secrets out of text before it leaves the machine. It errs on the side of taking too much: what a model
 * or a chat room needs is which program it is, not each of its arguments. `/proc/PID/environ` is not read by
 * anybody for this.
 */

export interface RedactOptions {
  /** Names of home directories become `[user]` too. */
  home: boolean;
}

/** Pure; doing it twice changes nothing more. */
export function redact(text: string, options: RedactOptions): string {
  const kept = redactNamed(redactShapes(text));
  return options.home ? redactHomes(kept) : kept;
}

/** `/home/ann/shop` → `/home/[user]/shop`; also as Claude Code names its folders: `-home-ann-shop`. */
function redactHomes(text: string): string {
  return text
    .replace(/(\/(?:home|Users)\/)[^\s/'":]+/g, '$1[user]')
    .replace(/(?<=^|[\s/])(-(?:home|Users)-)[^\s/-]+/g, '$1[user]');
}

/** The same value with every text within it (objects, lists) replaced; keys stay as they are. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map(item => mapTexts(item, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapTexts(child, change)])) as T;
}
