import { readFileSync } from 'node:fs';

interface User {
  name: string;
  gid: number;
  home: string;
}

/** Names and home directories of /etc/passwd, read again at most once a minute. */
export class Users {
  private byUid = new Map<number, User>();
  private read_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly file = '/etc/passwd') {}

  name(uid: number): string {
    return this.find(uid)?.name ?? String(uid);
  }

  home(uid: number): string | null {
    return this.find(uid)?.home ?? null;
  }

  /** The primary group. */
  gid(uid: number): number | null {
    return this.find(uid)?.gid ?? null;
  }

  private find(uid: number): User | undefined {
    const now_ms = performance.now();
    if (!this.byUid.has(uid) && now_ms - this.read_ms > 60_000) {
      this.read_ms = now_ms;
      this.byUid = parsePasswd(this.readFile());
    }
    return this.byUid.get(uid);
  }

  private readFile(): string {
    try {
      return readFileSync(this.file, 'utf8');
    } catch {
      return '';
    }
  }
}

/** passwd(5): `name:password:uid:gid:gecos:home:shell`. */
export function parsePasswd(text: string): Map<number, User> {
  const users = new Map<number, User>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid, , home] = line.split(':');
    if (name && uid && /^\d+$/.test(uid) && !users.has(Number(uid)))
      users.set(Number(uid), { name, gid: Number(gid), home: home ?? '/' });
  }
  return users;
}
