/** For `vigil health`. */
export interface StoreHealth {
  /** `memory`: rows wait until the database can be written. */
  state: 'written' | 'memory';
  /** Why, and what to do; null: nothing is wrong. */
  problem: string | null;
  /** Where the last damaged database is now. */
  moved_aside: string | null;
  path: string;
  bytes: number | null;
  max_bytes: number;
  queued: number;
  /** Rows that had to be given up since the start: no room in memory, or at fault themselves. */
  lost: number;
  last_write_ms: number | null;
}
