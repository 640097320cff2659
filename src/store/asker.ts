/** Who wants to know something of the history. */
export interface Asker {
  /** Null: vigil itself, root, or the user of the daemon: they come first. */
  uid: number | null;
  /** Told how long the answer took to make. */
  charge(work_ms: number): void;
}

export const VIGIL: Asker = { uid: null, charge: () => {} };
