import type { Cell, Column } from '../ui/table.js';

export interface Listing {
  title: string;
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
  /** What stands there instead of a table without rows. */
  none: string;
  /** What was left out, or how the table is to be read. */
  note: string | null;
}

export interface ListingOptions {
  home: string | null;
  /** Rows of the longer tables. */
  rows: number;
}
