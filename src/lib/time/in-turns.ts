/**
 * Work that somebody asked for, in small pieces: between two of them others have their turn. It may wait for something
 * by yielding the promise of it.
 */
export type Work<T> = Generator<Promise<unknown> | undefined, T, undefined>;

/** Does such work piece by piece, when it is the turn of the one who asked for it. */
export type InTurns = <T>(work: Work<T>) => Promise<T>;
