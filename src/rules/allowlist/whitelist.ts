import { globMatcher } from '../../lib/text/glob.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { checkPattern, matchAll } from './guarded-regex.js';

export const MATCH_TYPES = ['name', 'cmdline', 'regex'] as const;
export type MatchType = (typeof MATCH_TYPES)[number];

/** Processes that no rule reports. */
export interface WhitelistEntry {
  /** Counts up, as the store gives it. */
  id: number;
  pattern: string;
  /** `name`: comm or the program's file name, exact or with `*`; `cmdline`: a part of it; `regex`: on the cmdline. */
  match_type: MatchType;
  reason: string;
  created_ms: number;
}

/** A change of the entries that is in effect, and would be gone if vigil ended now. */
export class NotWrittenError extends Error {
  override readonly name = 'NotWrittenError';
  /** `what`: as a sentence that goes on, e.g. `the entry holds`. */
  constructor(what: string) {
    super(
      `${what} as long as vigil runs, but it could not be written down yet: vigil health says why, and it is tried again`,
    );
  }
}

/** `[allowlist]` of the configuration. */
export interface Allowlist {
  ignore_commands: readonly string[];
  ignore: readonly Pick<WhitelistEntry, 'pattern' | 'match_type'>[];
}

const PATTERN_MAX = 500;
/** The limit is one of the wall's clock: on a machine without air a good pattern may be late as well. */
const LATE_MAX = 3;

/** Why an entry is refused; null: it is fine. */
export function checkEntry({
  pattern,
  match_type,
}: Pick<WhitelistEntry, 'pattern' | 'match_type'>): string | null {
  if (pattern.trim() === '') return 'the pattern is empty: it would match nothing, or everything';
  if (pattern.length > PATTERN_MAX) return `the pattern is longer than ${PATTERN_MAX} characters`;
  if (match_type === 'name' && /^\*+$/.test(pattern)) return 'the pattern matches every process';
  if (match_type === 'name' && pattern.includes('/')) {
    return 'a name has no "/": give the name of the program, or match_type "cmdline"';
  }
  return match_type === 'regex' ? checkPattern(pattern) : null;
}

/**
 * The entries of the configuration and those added at run time. Each change counts at once; whoever keeps
 * answers asks again when `version` has changed.
 */
export class Whitelist {
  private names: ((name: string) => boolean)[] = [];
  private parts: string[] = [];
  private entries: readonly WhitelistEntry[] = [];
  private fixed: readonly Pick<WhitelistEntry, 'pattern' | 'match_type'>[] = [];
  private regexes: string[] = [];
  /** Trying a pattern takes time: what was found about each entry, by type and pattern. */
  private checked = new Map<string, string | null>();
  /** How often each was not done in time. */
  private readonly late = new Map<string, number>();
  private changes = 0;

  /** @param onTooSlow said once for each pattern that is put out of use */
  constructor(
    config: Allowlist,
    private readonly onTooSlow: (pattern: string) => void = () => {},
  ) {
    this.configure(config);
  }

  /** The entries of the configuration; those added at run time stay. */
  configure(config: Allowlist): void {
    this.fixed = [
      ...config.ignore_commands.map(pattern => ({ pattern, match_type: 'name' as const })),
      ...config.ignore,
    ];
    this.compile();
  }

  get version(): number {
    return this.changes;
  }

  /**
   * The entries added at run time, all of them.
   * @returns those that are refused, each with why
   */
  use(entries: readonly WhitelistEntry[]): { entry: WhitelistEntry; why: string }[] {
    const checked = new Map<string, string | null>();
    const judged = entries.map(entry => {
      const identity = `${entry.match_type}:${entry.pattern}`;
      const known = this.checked.get(identity);
      const why = known === undefined ? checkEntry(entry) : known;
      checked.set(identity, why);
      return { entry, why };
    });
    this.checked = checked;
    this.entries = judged.filter(({ why }) => why === null).map(({ entry }) => entry);
    this.compile();
    return judged.flatMap(({ entry, why }) => (why === null ? [] : [{ entry, why }]));
  }

  /** One answer for each process; null: there was no time for it. */
  matches(processes: readonly ProcessRef[]): (boolean | null)[] {
    const answers = processes.map(process => this.matchesPlainly(process));
    if (this.regexes.length === 0) return answers;
    const { hits, slow } = matchAll(
      this.regexes,
      processes.map(process => process.cmdline),
    );
    for (const pattern of slow) {
      this.late.set(pattern, (this.late.get(pattern) ?? 0) + 1);
      if (this.isTooSlow(pattern)) this.onTooSlow(pattern);
    }
    this.regexes = this.regexes.filter(pattern => !this.isTooSlow(pattern));
    return answers.map((answer, index) => answer || hits[index]!);
  }

  private matchesPlainly({ comm, cmdline }: ProcessRef): boolean {
    const first = cmdline.split(' ', 1)[0]!;
    const called = first.slice(first.lastIndexOf('/') + 1);
    if (this.names.some(name => name(comm) || name(called))) return true;
    return this.parts.some(part => cmdline.includes(part));
  }

  private isTooSlow(pattern: string): boolean {
    return (this.late.get(pattern) ?? 0) >= LATE_MAX;
  }

  private compile(): void {
    const all = [...this.fixed, ...this.entries];
    const of = (type: MatchType) =>
      all.filter(entry => entry.match_type === type).map(entry => entry.pattern);
    this.names = of('name').map(globMatcher);
    this.parts = of('cmdline');
    this.regexes = of('regex').filter(pattern => !this.isTooSlow(pattern));
    this.changes++;
  }
}
