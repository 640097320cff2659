/**
 * Work that somebody asked for, in small pieces: between two of them others have their turn. It may wait for something
 * by yielding the promise of it.
 */
export type Work<T> = Generator<Promise<unknown> | undefined, T, undefined>;

/** Done between two turns, where each takes some 30 to 100 µs. */
const PIECE = 32;

/** Does it for one after the other, as they are at the call. */
export function* each<T>(all: Iterable<T>, work: (one: T) => void): Work<void> {
  yield* firstAnswer(all, one => {
    work(one);
    return null;
  });
}

/** Asks one after the other until one gives an answer. */
export function* firstAnswer<T, A>(all: Iterable<T>, ask: (one: T) => A | null): Work<A | null> {
  let asked = 0;
  for (const one of [...all]) {
    const answer = ask(one);
    if (answer !== null) return answer;
    if (++asked % PIECE === 0) yield;
  }
  return null;
}

/** Does such work piece by piece, when it is the turn of the one who asked for it. */
export type InTurns = <T>(work: Work<T>) => Promise<T>;
