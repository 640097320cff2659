const HOUR_MS = 3_600_000;
/** More users than this in one hour are none. */
const MAX_USERS = 1_024;

/** How many rows of a kind each user may have in an hour. Root's, and the machine's, are not counted. */
export class RowQuota {
  /** Rows that had to go, since the start. */
  refused = 0;
  private hour = 0;
  private readonly used = new Map<number, number>();

  constructor(private readonly per_hour: number) {}

  take(uid: number | null, time_ms: number): boolean {
    if (uid === null || uid === 0) return true;
    const hour = Math.floor(time_ms / HOUR_MS);
    if (hour !== this.hour) this.used.clear();
    this.hour = hour;
    const used = this.used.get(uid) ?? 0;
    if (used >= this.per_hour || (used === 0 && this.used.size >= MAX_USERS)) {
      this.refused++;
      return false;
    }
    this.used.set(uid, used + 1);
    return true;
  }
}
