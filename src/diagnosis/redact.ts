import { redactAddresses } from './redaction/addresses.js';
import { redactNamed } from './redaction/named.js';
import { redactPiped } from './redaction/pipes.js';
import { redactProgramArguments } from './redaction/programs.js';
import { redactRandom } from './redaction/random.js';
import { redactShapes } from './redaction/shapes.js';

/**
 * Takes secrets out of text before it leaves the machine. It errs on the side of taking too much: what a model
 * or a chat room needs is which program it is, not each of its arguments. `/proc/PID/environ` is not read by
 * anybody for this.
 *
 * Every pass takes time linear in the text, however hostile it is.
 */

export interface RedactOptions {
  /** Names of home directories become `[user]` too. */
  home: boolean;
}

/** What one pass leaves may, without its neighbour, look like a secret to the next. */
const MAX_ROUNDS = 4;

/** Nobody reads more of one text; redacting this much takes some 30 ms. */
const MAX_CHARS = 64 * 1024;

/** Pure; doing it twice changes nothing more. Of longer texts only the first 64 Ki characters are given back. */
export function redact(text: string, options: RedactOptions): string {
  let out = clip(text, MAX_CHARS);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = redactOnce(out);
    if (next === out) break;
    out = next;
  }
  return options.home ? redactHomes(out) : out;
}

/** Its first `max` characters, but not half a word: half a secret no longer looks like one. Pure. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const start = text.slice(0, max);
  return `${start.slice(0, -1_000)}${start.slice(-1_000).replace(/\S+$/, '')} …`;
}

/** What stands on its own first; which program it is must still be readable when its arguments are judged. */
function redactOnce(text: string): string {
  const known = redactAddresses(redactShapes(text));
  return redactRandom(redactNamed(redactProgramArguments(redactPiped(known))));
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
