/** One user's things fill no more than this of a bounded room, and those of all users together no more than this. */
const ONE_USER_SHARE = 1 / 4;
const ALL_USERS_SHARE = 1 / 2;

/** Whose a thing is: a user's, by uid. Null, and root's 0: the machine's. */
export type Owner = number | null;

/**
 * Counts who has how much of a bounded room, so that no user, who can make trouble of their own as often as they
 * like, crowds out the machine's or other users'.
 */
export class Quota {
  private total = 0;
  private ofUsers = 0;
  private readonly ofUser = new Map<number, number>();

  constructor(private readonly max: number) {}

  /** Whether the owner may have one more. */
  hasRoomFor(owner: Owner): boolean {
    if (this.total >= this.max) return false;
    if (owner === null || owner === 0) return true;
    const own = this.ofUser.get(owner) ?? 0;
    return own < this.max * ONE_USER_SHARE && this.ofUsers < this.max * ALL_USERS_SHARE;
  }

  /** Counts one more of the owner's, whether or not there was room for it. */
  add(owner: Owner): void {
    this.total++;
    if (owner === null || owner === 0) return;
    this.ofUsers++;
    this.ofUser.set(owner, (this.ofUser.get(owner) ?? 0) + 1);
  }

  /** Counts one more where there is room; false: there is none. */
  take(owner: Owner): boolean {
    if (!this.hasRoomFor(owner)) return false;
    this.add(owner);
    return true;
  }
}
