import { z } from 'zod';

/**
 * Marks of keys in the schema of the configuration (`.meta()`), so that each key takes its stand where it is defined.
 * What a table is marked with holds for its keys, unless they say otherwise.
 */

/**
 * Who may change a key over the socket (`update_config`). `root`: root and the daemon's own user alone, because the
 * key decides what root runs, which files root reads or writes, where keys are sent, or what vigil refuses to
 * everybody. `group`: the group vigil, too. Numbers, switches and choices go with their table; a text or a list can
 * name a program, a file or an address, and speaks for itself. Without a mark a key is root's.
 */
export type ChangedBy = 'root' | 'group';

export interface KeyMarks {
  changed_by?: ChangedBy;
  /** A running daemon takes a change of it over; without the mark it waits for a restart. */
  live?: boolean;
  /** Full names that the key had before: they go on working, with a warning. */
  formerly?: readonly string[];
}

export const BY_ROOT = { changed_by: 'root' } satisfies KeyMarks;
export const BY_GROUP = { changed_by: 'group' } satisfies KeyMarks;
export const LIVE = { live: true } satisfies KeyMarks;

/** `formerly('evidence.words')`: the key was called that until now. */
export function formerly(...names: string[]) {
  return { formerly: names } satisfies KeyMarks;
}

export const absolutePath = z.string().regex(/^\/[^\0]*$/, 'must be an absolute path');

/** Secrets are named, never held. */
export const environmentName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,99}$/,
    'must be the name of an environment variable, not the secret itself',
  );
