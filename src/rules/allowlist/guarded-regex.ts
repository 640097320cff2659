import { createContext, Script } from 'node:vm';

/**
 * Regular expressions of people on text of other processes, limited in time: `(a+)+$` on the right command
 * line runs for years. V8 can end its own matching when a script runs under vm's timeout, which costs about
 * 0.1 ms for each call: all patterns and texts go in one call, and each pattern alone only if that was late.
 */

const TOGETHER_MS = 100;
const ALONE_MS = 25;
/** Patterns that are tried one by one have no more than this, all together. */
const ALL_ALONE_MS = 250;
const TEXT_MAX = 4096;
/** Characters for one call: how long a pattern takes must not depend on how many processes somebody starts. */
const CALL_CHARS = 65_536;

const MATCH = new Script(`(() => {
  const all = patterns.map(pattern => new RegExp(pattern, 'u'));
  return texts.map(text => all.some(regex => regex.test(text)));
})()`);

export interface Matches {
  /** For each text: one of the patterns is found in it. Null: there was no time to look. */
  hits: (boolean | null)[];
  /** Patterns that did not come to an end in time; they count as not found. */
  slow: string[];
}

export function matchAll(patterns: readonly string[], texts: readonly string[]): Matches {
  const hits: (boolean | null)[] = texts.map(() => null);
  for (let from = 0; from < texts.length; ) {
    const part: string[] = [];
    for (let chars = 0; from + part.length < texts.length && chars < CALL_CHARS; chars += part.at(-1)!.length)
      part.push(texts[from + part.length]!.slice(0, TEXT_MAX));
    const together = run(patterns, part, TOGETHER_MS);
    const { found, slow } = together === null ? eachAlone(patterns, part) : { found: together, slow: [] };
    found?.forEach((hit, index) => {
      hits[from + index] = hit;
    });
    // What comes after a call that was late is for another time.
    if (together === null) return { hits, slow };
    from += part.length;
  }
  return { hits, slow: [] };
}

/** Each pattern by itself. `found` null: time was up before all had their turn. */
function eachAlone(
  patterns: readonly string[],
  texts: readonly string[],
): { found: boolean[] | null; slow: string[] } {
  const found = texts.map(() => false);
  const slow: string[] = [];
  const end_ms = performance.now() + ALL_ALONE_MS;
  for (const pattern of patterns) {
    if (performance.now() > end_ms) return { found: null, slow };
    const begin = process.cpuUsage();
    const alone = run([pattern], texts, ALONE_MS);
    if (alone !== null) {
      for (let i = 0; i < found.length; i++) found[i] ||= alone[i]!;
      continue;
    }
    const { user, system } = process.cpuUsage(begin);
    // Where the machine gave it no time, the pattern is not to blame, and nothing is known.
    if (user + system < (ALONE_MS * 1000) / 2) return { found: null, slow };
    slow.push(pattern);
  }
  return { found, slow };
}

/** Long runs of one character after another: what patterns that backtrack choke on. */
const HARD = ['a', '0', ' ', '/', '-', 'ab', 'a '].map(text => `${text.repeat(2000 / text.length)}\u0001`);

/** What is wrong with a pattern; null: it is a regular expression, and quick on text made to be hard. */
export function checkPattern(pattern: string): string | null {
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    return `no regular expression: ${(error as Error).message}`;
  }
  const texts = ['', ...HARD];
  // Once more where the machine, not the pattern, was slow.
  const found = run([pattern], texts, TOGETHER_MS) ?? run([pattern], texts, 3 * TOGETHER_MS);
  if (found === null) return 'takes too long on some texts: avoid repeats within repeats, as in "(a+)+"';
  return found[0] ? 'matches the empty text, and so every process' : null;
}

/** Null: it took too long, or a pattern does not compile. */
function run(patterns: readonly string[], texts: readonly string[], timeout_ms: number): boolean[] | null {
  try {
    return [...MATCH.runInContext(createContext({ patterns, texts }), { timeout: timeout_ms })];
  } catch {
    return null;
  }
}
