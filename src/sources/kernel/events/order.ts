import { Slice } from './slice.js';

interface Waiting<T> {
  event: T;
  at_ms: number;
}

/**
 * Puts events into the order of their time. bpftrace before 0.19 has one buffer for each CPU, so a child's
 * exec can arrive before its fork, or its exit before either. Each event waits `window_ms`, no longer than a
 * person could notice; a window of 0 sorts what came in one piece, and needs no timer. A bpftrace without CPU may empty one
 * buffer long after another: until it is done, no process ends. What is later still
 * is passed on late, but not when its process has already ended: a process that is born after its death
 * would live for ever. Many events are passed on in slices: who pushes asks `isFull` first.
 */
export class Reorder<T extends { type: string; time_ms: number; pid?: number }> {
  private waiting: Waiting<T>[] = [];
  private timer: NodeJS.Timeout | null = null;
  private soon = false;
  /** Process ids that ended lately, and when. */
  private ended = new Map<number, number>();
  /** Since when nothing is passed on. */
  private held_ms: number | null = null;
  private forgotAt_ms = Number.NEGATIVE_INFINITY;
  private readonly slice = new Slice();

  constructor(
    private readonly deliver: (event: T) => void,
    private readonly window_ms = 4,
    private readonly now_ms: () => number = () => performance.now(),
    /** Who sends the events may have sent some and not yet others that are as old. */
    private readonly isBehind: (() => boolean) | null = null,
  ) {}

  get isFull(): boolean {
    return this.waiting.length >= MAX_WAITING;
  }

  push(event: T): void {
    let at = this.waiting.length;
    while (at > 0 && this.waiting[at - 1]!.event.time_ms > event.time_ms) at--;
    this.waiting.splice(at, 0, { event, at_ms: this.now_ms() });
    if (this.window_ms > 0) this.timer ??= setTimeout(() => this.due(), this.window_ms);
    else this.flushSoon();
  }

  private flushSoon(): void {
    if (this.soon) return;
    this.soon = true;
    queueMicrotask(() => {
      this.soon = false;
      this.due();
    });
  }

  /** Everything, at once. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.release(this.waiting.length, false, () => true);
  }

  private due(): void {
    this.timer = null;
    if (this.isBehind === null) this.passOn(false);
    else if (this.mayHold() && this.isBehind()) this.passOn(true);
    // What it sent just before is still in the pipe: that is read first.
    else this.slice.next(() => this.passOn(false));
  }

  private mayHold(): boolean {
    this.held_ms ??= this.now_ms();
    return !this.isFull && this.now_ms() - this.held_ms < MAX_BEHIND_MS;
  }

  private passOn(holdsEnds: boolean): void {
    if (!holdsEnds) this.held_ms = null;
    const now = this.now_ms();
    // Up to the last one that waited long enough; what is older goes with it.
    const ready = this.waiting.findLastIndex(({ at_ms }) => now - at_ms >= this.window_ms - 1);
    if (this.release(ready + 1, holdsEnds, () => this.slice.hasTime())) {
      this.slice.next(() => this.passOn(holdsEnds));
      return;
    }
    if (this.waiting.length > 0 && this.window_ms > 0)
      this.timer ??= setTimeout(() => this.due(), this.window_ms);
  }

  /** True when some of them are left: there was no time. */
  private release(count: number, holdsEnds: boolean, hasTime: () => boolean): boolean {
    const ready = this.waiting.splice(0, count);
    const held: Waiting<T>[] = [];
    /** Processes whose end is held, and so what their pids do after it. */
    const ending = new Set<number | undefined>();
    let at = 0;
    try {
      while (at < ready.length && hasTime()) {
        const one = ready[at++]!;
        const { type, pid } = one.event;
        if (holdsEnds && (type === 'exit' || ending.has(pid))) {
          ending.add(pid);
          held.push(one);
        } else this.passOnOne(one.event);
      }
    } finally {
      if (at < ready.length || held.length > 0) this.waiting = [...held, ...ready.slice(at), ...this.waiting];
    }
    return at < ready.length;
  }

  private passOnOne(event: T): void {
    const { type, pid, time_ms } = event;
    if (pid !== undefined) {
      if ((this.ended.get(pid) ?? 0) > time_ms) return;
      if (type === 'exit') this.remember(pid, time_ms);
    }
    this.deliver(event);
  }

  private remember(pid: number, time_ms: number): void {
    if (time_ms - this.forgotAt_ms > KEPT_MS) {
      for (const [old, at_ms] of this.ended) if (time_ms - at_ms > KEPT_MS) this.ended.delete(old);
      this.forgotAt_ms = time_ms;
    }
    this.ended.set(pid, time_ms);
  }
}

/** More are not waited with: the pipe holds the rest. */
const MAX_WAITING = 4_096;
/** So long a buffer is waited for: bpftrace has hardly any CPU then. */
const MAX_BEHIND_MS = 3_000;
/** No event arrives later than this. */
const KEPT_MS = 4_000;
