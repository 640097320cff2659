import type { Lists } from './lists.js';
import type { Effect, Picture, Ui } from './model.js';

/** What a key is judged by, and what comes of it. */

export interface KeyContext {
  picture: Picture;
  lists: Lists;
  now_ms: number;
  /** Rows that a page key moves. */
  page: number;
}

export interface KeyResult {
  ui: Ui;
  effect: Effect | null;
}

export const MAX_INPUT = 200;

/** A change of the picture alone. */
export function only(ui: Ui): KeyResult {
  return { ui, effect: null };
}

export function nextOf<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length]!;
}
