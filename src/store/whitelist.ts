import type { WhitelistRow } from './records.js';

const MAX_ENTRIES = 1000;

/** The whitelist in memory: it is needed at every look at the machine, and when no database is. */
export class Whitelist {
  private readonly entries = new Map<number, WhitelistRow>();
  private lastId = 0;
  /** Removed while the database could not be read: they must not come back from it. */
  private readonly removed = new Set<string>();

  rows(): readonly WhitelistRow[] {
    return [...this.entries.values()];
  }

  add(
    entry: Pick<WhitelistRow, 'pattern' | 'match_type' | 'reason'>,
    created_ms: number,
  ): { row: WhitelistRow | null; added: boolean } {
    for (const row of this.entries.values())
      if (identity(row) === identity(entry)) return { row, added: false };
    if (this.entries.size >= MAX_ENTRIES) return { row: null, added: false };
    const { pattern, match_type, reason } = entry;
    const row = { id: ++this.lastId, pattern, match_type, reason, created_ms: Math.round(created_ms) };
    this.entries.set(row.id, row);
    this.removed.delete(identity(row));
    return { row, added: true };
  }

  remove(id: number): WhitelistRow | null {
    const row = this.entries.get(id) ?? null;
    if (row !== null) {
      this.entries.delete(id);
      this.removed.add(identity(row));
    }
    return row;
  }

  /** Takes in what a database has; answers what it lacks, with ids that are free there. */
  merge(rows: readonly WhitelistRow[], last_id: number): WhitelistRow[] {
    const own = [...this.entries.values()];
    const there = new Set(rows.map(identity));
    this.entries.clear();
    for (const row of rows) if (!this.removed.has(identity(row))) this.entries.set(row.id, row);
    this.removed.clear();
    const missing = own.filter(row => !there.has(identity(row)));
    this.lastId = Math.max(this.lastId, last_id);
    const added = missing.map(row =>
      this.entries.has(row.id) || row.id <= last_id ? { ...row, id: ++this.lastId } : row,
    );
    for (const row of added) this.entries.set(row.id, row);
    return added;
  }
}

function identity({ pattern, match_type }: Pick<WhitelistRow, 'pattern' | 'match_type'>): string {
  return `${match_type}:${pattern}`;
}
