import type { Work } from './in-turns.js';
import { loopPauses } from './loop-pauses.js';

/** Work in steps, so that it can be interrupted between two of them: each a fraction of a millisecond. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Longer than this the event loop is not kept at a time. */
const SLICE_MS = 15;

/** Does all of it now: nothing in it may wait. */
export function atOnce<T>(steps: Steps<T> | Work<T>): T {
  for (;;) {
    const result = steps.next();
    if (result.done) return result.value;
  }
}

/** Does it between everything else that the event loop has to do. Of work that waits for something, the rest as well. */
export async function inSlices<T>(steps: Steps<T> | Work<T>): Promise<T> {
  for (;;) {
    const end_ms = performance.now() + SLICE_MS;
    do {
      const result = steps.next();
      if (result.done) return result.value;
      if (!(result.value instanceof Promise)) continue;
      await result.value;
      break;
    } while (performance.now() < end_ms);
    await nextTurn();
  }
}

/** Resolves when everything else that waits for the event loop had its turn. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>(resolve => setImmediate(resolve));
  loopPauses.turn();
}
