/** What the daemon and its reading threads share; see `process-memory.ts`. */

export const FILES = ['cmdline', 'environ'] as const;
export type MemoryFile = (typeof FILES)[number];

/** Longest that is kept of a command line: agents' prompts may be in it, and nothing here needs them whole. */
export const MAX_ARGUMENTS_BYTES = 16 * 1024;
/** Longest that is searched of an environment. */
export const MAX_ENVIRONMENT_BYTES = 256 * 1024;
/** Command lines in one question. */
export const MAX_PIDS = 32;

/** Places in the array of 32-bit words. */
export const ASKED = 0;
export const DONE = 1;
export const FILE = 2;
export const COUNT = 3;
/** How many of them are read. */
export const PROGRESS = 4;
export const PIDS = 8;
/** Length of each, or one of the words below. */
export const LENGTHS = PIDS + MAX_PIDS;

export const WORDS_BYTES = 4 * (LENGTHS + MAX_PIDS);
export const SHARED_BYTES = WORDS_BYTES + MAX_PIDS * (MAX_ARGUMENTS_BYTES + 1);

/** Gone, or not to be read. */
export const NOTHING = -1;
/** Descriptors or memory ran out. */
export const FAILED = -2;
/** Not read. */
export const PENDING = -3;

/** One byte more than is kept: it tells that there is more. */
export function roomFor(file: MemoryFile): number {
  return (file === 'cmdline' ? MAX_ARGUMENTS_BYTES : MAX_ENVIRONMENT_BYTES) + 1;
}
