import type { Logger } from '../../lib/log/logger.js';
import { now } from '../../lib/time/time.js';
import {
  checkEntry,
  NotWrittenError,
  type Whitelist,
  type WhitelistEntry,
} from '../../rules/allowlist/whitelist.js';
import type { Store } from '../../store/store.js';
import { Whitelist as Rows } from '../../store/whitelist.js';

type Draft = Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>;
type Entries = Pick<Store, 'whitelist' | 'addToWhitelist' | 'removeFromWhitelist'>;

/**
 * The whitelist that people change at run time. Its entries are the store's, or in memory where there is none;
 * what the rules go by follows from them.
 */
export class RuntimeWhitelist {
  private readonly entries: Entries;

  /** @param onChanged what the rules go by is another now */
  constructor(
    store: Store | null,
    private readonly rules: Whitelist,
    private readonly logger: Logger,
    private readonly onChanged: () => void,
  ) {
    this.entries = store ?? inMemory();
  }

  list(): WhitelistEntry[] {
    return this.entries.whitelist().map(row => ({ ...row, reason: row.reason ?? '' }));
  }

  /**
   * Resolves when it is on the disk; with the entry that is there when there is one like it. Rejects with a text for
   * the person when the entry is refused, and with NotWrittenError when it holds and could not be written down.
   */
  async add(entry: Draft): Promise<WhitelistEntry> {
    const wrong = checkEntry(entry);
    if (wrong !== null) throw new Error(wrong);
    const change = this.entries.addToWhitelist(entry);
    if (change === null) throw new Error('there are too many entries: remove some first');
    this.load();
    this.onChanged();
    if (!(await change.written)) throw new NotWrittenError('the entry holds');
    return { ...change.row, reason: change.row.reason ?? '' };
  }

  /** Resolves when it is on the disk. False: there is no such entry. Rejects as `add` does. */
  async remove(id: number): Promise<boolean> {
    const change = this.entries.removeFromWhitelist(id);
    if (change === null) return false;
    this.load();
    this.onChanged();
    if (!(await change.written)) throw new NotWrittenError('the entry is removed');
    return true;
  }

  /** Lets the rules go by the entries as they are. One that would be refused today is left out, and said. */
  load(): void {
    for (const { entry, why } of this.rules.use(this.list()))
      this.logger.warn({ pattern: entry.pattern, why }, 'whitelist entry left out');
  }
}

function inMemory(): Entries {
  const rows = new Rows();
  const written = Promise.resolve(true);
  return {
    whitelist: () => rows.rows(),
    addToWhitelist(entry) {
      const { row } = rows.add(entry, now());
      return row && { row, written };
    },
    removeFromWhitelist(id) {
      const row = rows.remove(id);
      return row && { row, written };
    },
  };
}
