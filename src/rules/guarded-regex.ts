import { createContext, Script } from 'node:vm';

/**
 * Regular expressions of people on text of other processes, limited in time: `(a+)+$` on the right command
 * line runs for years. V8 can end its own matching when a script runs under vm's timeout, which costs about
 * 0.1 ms for each call: all patterns and texts go in one call, and each pattern alone only if that was late.
 */

const TOGETHER_MS = 100;
const ALONE_MS = 25;
const TEXT_MAX = 4096;

const MATCH = new Script(`(() => {
  const all = patterns.map(pattern => new RegExp(pattern, 'u'));
  return texts.map(text => all.some(regex => regex.test(text)));
})()`);

export interface Matches {
  /** For each text: one of the patterns is found in it. */
  hits: boolean[];
  /** Patterns that did not come to an end in time; they count as not found. */
  slow: string[];
}

export function matchAll(patterns: readonly string[], texts: readonly string[]): Matches {
  const cut = texts.map(text => text.slice(0, TEXT_MAX));
  const together = run(patterns, cut, TOGETHER_MS);
  if (together !== null) return { hits: together, slow: [] };
  const hits = texts.map(() => false);
  const slow: string[] = [];
  for (const pattern of patterns) {
    const alone = run([pattern], cut, ALONE_MS);
    if (alone === null) slow.push(pattern);
    else for (let i = 0; i < hits.length; i++) hits[i] ||= alone[i]!;
  }
  return { hits, slow };
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
