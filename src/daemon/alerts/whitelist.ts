import { now } from '../../lib/time/time.js';
import { checkEntry, type WhitelistEntry } from '../../rules/allowlist/whitelist.js';
import type { Store } from '../../store/store.js';
import type { AlertRules } from './alert-rules.js';

/** A change that is in effect, and would be gone if vigil ended now. */
export class NotWrittenError extends Error {
  override readonly name = 'NotWrittenError';
  constructor(what: string) {
    super(
      `${what} as long as vigil runs, but it could not be written down yet: vigil health says why, and it is tried again`,
    );
  }
}

/** What people have put on the whitelist: kept in the history, heeded by the rules. */
export class Whitelist {
  private ids = 0;

  constructor(
    private readonly alerts: AlertRules,
    /** Null: no history is kept. */
    private readonly store: Store | null,
  ) {}

  list(): readonly WhitelistEntry[] {
    return this.alerts.rules.whitelist.list();
  }

  /**
   * Resolves when it is on the disk. Rejects with a text for the person when the entry is refused, and with
   * NotWrittenError when it holds and could not be written down.
   */
  async add(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry> {
    const wrong = checkEntry(entry);
    if (wrong !== null) throw new Error(wrong);
    const same = this.list().find(
      ({ pattern, match_type }) => pattern === entry.pattern && match_type === entry.match_type,
    );
    if (this.store === null && same !== undefined) return same;
    const change =
      this.store === null
        ? { row: { ...entry, id: ++this.ids, created_ms: now() }, written: Promise.resolve(true) }
        : this.store.addToWhitelist(entry);
    if (change === null) throw new Error('there are too many entries: remove some first');
    const added = same ?? { ...change.row, reason: change.row.reason ?? '' };
    if (same === undefined) {
      this.alerts.rules.whitelist.add(added);
      this.alerts.whitelistChanged();
    }
    if (!(await change.written)) throw new NotWrittenError('the entry holds');
    return added;
  }

  /** Resolves when it is on the disk. False: there is no such entry. Rejects as `add` does. */
  async remove(id: number): Promise<boolean> {
    const change = this.store?.removeFromWhitelist(id) ?? null;
    const removed = this.alerts.rules.whitelist.remove(id);
    this.alerts.whitelistChanged();
    if (change !== null && !(await change.written)) throw new NotWrittenError('the entry is removed');
    return removed;
  }
}
