import { failureOf, readText } from '../files/bounded-read.js';
import { Rate } from '../limits/rate.js';
import { printable } from '../text/printable.js';
import { type AskDatabase, askDatabase } from './user-database.js';

/** Of /etc/passwd. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface User {
  name: string;
  gid: number;
  home: string;
}

/** `unknown`: nobody has that number. `failed`: the user database does not answer. */
export type Lookup = User | 'unknown' | 'failed';

const FILE_FRESH_MS = 60_000;
/** For how long an answer of the database is good. */
const FRESH_MS = { found: 600_000, unknown: 60_000, failed: 30_000 };
/** Processes may have any of four billion numbers (user namespaces): so many are kept, and so many are asked about. */
const MAX_KEPT = 4_096;
const MAX_ASKED = 32;
const ASKS_PER_S = 5;
const ASKS_AT_ONCE = 40;
const MAX_NAME = 256;

interface Kept {
  lookup: Lookup;
  until_ms: number;
}

/**
 * Names, homes and groups by uid: of /etc/passwd, and of the user database (NSS) for whom that does not know. What is
 * asked for at once is answered from what is known by then; a question to the database goes out meanwhile.
 */
export class Users {
  private byUid = new Map<number, User>();
  private read_ms = Number.NEGATIVE_INFINITY;
  private readonly kept = new Map<number, Kept>();
  private readonly asked = new Map<number, Promise<Lookup>>();
  private readonly rate = new Rate(ASKS_PER_S, ASKS_AT_ONCE);

  constructor(
    private readonly file = '/etc/passwd',
    private readonly ask: AskDatabase = askDatabase,
  ) {}

  /** The number, where nobody has said more yet. */
  name(uid: number): string {
    return this.known(uid)?.name ?? String(uid);
  }

  home(uid: number): string | null {
    return this.known(uid)?.home ?? null;
  }

  /** Waits for the database. Does not reject. */
  async lookup(uid: number): Promise<Lookup> {
    const local = this.local(uid);
    if (local !== undefined) return local;
    const kept = this.kept.get(uid);
    if (kept !== undefined && performance.now() < kept.until_ms) return kept.lookup;
    return this.asked.get(uid) ?? this.askFor(uid);
  }

  /** What is known now, though it may be old. */
  private known(uid: number): User | null {
    const local = this.local(uid);
    if (local !== undefined) return local;
    const kept = this.kept.get(uid);
    const isOld = kept === undefined || performance.now() >= kept.until_ms;
    if (isOld && !this.asked.has(uid)) void this.askFor(uid);
    return kept === undefined || typeof kept.lookup === 'string' ? null : kept.lookup;
  }

  /** Of /etc/passwd. */
  local(uid: number): User | undefined {
    const now_ms = performance.now();
    if (!this.byUid.has(uid) && now_ms - this.read_ms > FILE_FRESH_MS) {
      const text = this.readFile();
      if (text !== null) {
        this.read_ms = now_ms;
        this.byUid = parsePasswd(text);
      }
    }
    return this.byUid.get(uid);
  }

  private askFor(uid: number): Promise<Lookup> {
    if (this.asked.size >= MAX_ASKED || !this.rate.take()) return Promise.resolve('failed');
    const answer = this.ask('passwd', String(uid)).then(entry => {
      const before = this.kept.get(uid)?.lookup;
      const found = typeof entry === 'string' ? entry : (parsePasswd(entry.line).get(uid) ?? 'unknown');
      // A database that is away for a moment takes nobody's name.
      const lookup = found === 'failed' && typeof before === 'object' ? before : found;
      this.keep(uid, {
        lookup,
        until_ms: performance.now() + FRESH_MS[typeof found === 'object' ? 'found' : found],
      });
      this.asked.delete(uid);
      return lookup;
    });
    this.asked.set(uid, answer);
    return answer;
  }

  private keep(uid: number, kept: Kept): void {
    this.kept.delete(uid);
    this.kept.set(uid, kept);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) return;
      this.kept.delete(oldest);
    }
  }

  /** Null: not now, for want of descriptors. */
  private readFile(): string | null {
    try {
      return readText(this.file, MAX_BYTES, 'utf8');
    } catch (error) {
      return failureOf(error) === 'ours' ? null : '';
    }
  }
}

/** passwd(5): `name:password:uid:gid:gecos:home:shell`. */
export function parsePasswd(text: string): Map<number, User> {
  const users = new Map<number, User>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid, , home] = line.split(':');
    if (!name || !isNumber(uid) || !isNumber(gid) || users.has(Number(uid))) continue;
    users.set(Number(uid), {
      name: printable(name, MAX_NAME),
      gid: Number(gid),
      home: home?.startsWith('/') ? home : '/',
    });
  }
  return users;
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}
