import { VIGIL } from './asker.js';
import { withTimeout } from './with-timeout.js';

/** So many who ask may wait, of root and vigil itself and of all others; who comes then is told so at once. */
const MAX_ASKED = 32;
/** Of them so many of one user: an answer may be of megabytes. */
const MAX_ASKED_BY_USER = 4;
/** How much of the time that a user has taken is forgotten with each second. */
const FORGET_PER_S = 0.2;

type Begin = () => Promise<void>;

/** What waits for one user, and what he has had of late. */
interface Line {
  waiting: Set<Begin>;
  used_ms: number;
  counted_ms: number;
}

/**
 * Works that want the same thing have it one after the other: what must be done first, then what is merely
 * asked, as long as somebody waits for the answer: root's, then that of the user who has had least. Says for how
 * long the one at work has been at it.
 */
export class FairMutex {
  private readonly taken = new Set<Begin>();
  private readonly asked = new Map<number | null, Line>();
  private isBusy = false;
  private since_ms: number | null = null;

  constructor(private readonly now: () => number) {}

  /** Settles as the work does, which begins when the one at work has ended and all taken before it have. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.queue(this.taken, work).result;
  }

  /**
   * The same after all that is taken. Null: there was no answer within `patience_ms`, and what had not begun by
   * then never does; or too many wait already.
   */
  async ask<T>(work: () => Promise<T>, patience_ms: number, asker = VIGIL): Promise<T | null> {
    const line = this.lineOf(asker.uid);
    if (!this.hasRoom(asker.uid, line)) return null;
    const timed = async () => {
      const begin_ms = this.now();
      try {
        return await work();
      } finally {
        const work_ms = Math.max(0, this.now() - begin_ms);
        line.used_ms += work_ms;
        asker.charge(work_ms);
      }
    };
    const { result, begin } = this.queue(line.waiting, timed);
    try {
      return await withTimeout<T | null>(result, patience_ms, null);
    } finally {
      line.waiting.delete(begin);
      this.forgetIdle();
    }
  }

  /** For how long the present work has been at it; 0: there is none. */
  busy_ms(): number {
    return this.since_ms === null ? 0 : this.now() - this.since_ms;
  }

  private lineOf(uid: number | null): Line {
    let line = this.asked.get(uid);
    if (line === undefined) {
      line = { waiting: new Set(), used_ms: 0, counted_ms: this.now() };
      this.asked.set(uid, line);
    }
    return line;
  }

  private hasRoom(uid: number | null, { waiting }: Line): boolean {
    if (uid === null) return waiting.size < MAX_ASKED;
    let ofUsers = 0;
    for (const [other, line] of this.asked) if (other !== null) ofUsers += line.waiting.size;
    return waiting.size < MAX_ASKED_BY_USER && ofUsers < MAX_ASKED;
  }

  /** A user who has had nothing of late is as good as new. */
  private forgetIdle(): void {
    for (const [uid, line] of this.asked)
      if (line.waiting.size === 0 && this.usedOf(line) < 1) this.asked.delete(uid);
  }

  private usedOf(line: Line): number {
    const now_ms = this.now();
    const passed_s = Math.max(0, now_ms - line.counted_ms) / 1000;
    line.used_ms *= (1 - FORGET_PER_S) ** passed_s;
    line.counted_ms = now_ms;
    return line.used_ms;
  }

  private queue<T>(line: Set<Begin>, work: () => Promise<T>): { result: Promise<T>; begin: Begin } {
    let begin: Begin = async () => {};
    const result = new Promise<T>((resolve, reject) => {
      begin = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
    });
    // Whoever does not wait for it does not hear of it either.
    result.catch(() => {});
    line.add(begin);
    if (!this.isBusy) {
      this.isBusy = true;
      // Never within the call: who takes a turn has its promise before the work begins.
      queueMicrotask(() => void this.work());
    }
    return { result, begin };
  }

  private async work(): Promise<void> {
    for (let begin = this.next(); begin !== undefined; begin = this.next()) {
      this.since_ms = this.now();
      await begin();
      this.since_ms = null;
    }
    this.isBusy = false;
  }

  /** The first of those that wait, which waits no longer. */
  private next(): Begin | undefined {
    return (
      firstOf(this.taken) ?? firstOf(this.asked.get(null)?.waiting) ?? firstOf(this.leastServed()?.waiting)
    );
  }

  private leastServed(): Line | null {
    let least: Line | null = null;
    for (const [uid, line] of this.asked) {
      if (uid === null || line.waiting.size === 0) continue;
      if (least === null || this.usedOf(line) < this.usedOf(least)) least = line;
    }
    return least;
  }
}

function firstOf(line: Set<Begin> | undefined): Begin | undefined {
  for (const begin of line ?? []) {
    line!.delete(begin);
    return begin;
  }
  return undefined;
}
