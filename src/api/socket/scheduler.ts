import type { Work } from '../../lib/time/in-turns.js';
import { loopPauses } from '../../lib/time/loop-pauses.js';
import { type Job, Lane, type LaneLimits, type Rank } from './lane.js';
import { WorkBudget } from './work-budget.js';

export interface SchedulerLimits extends LaneLimits {
  /** Of each turn of the event loop, for requests of all clients together; one may go beyond. */
  sliceMs: number;
  /** Of one core, for the work of all ordinary users together; 0 to 1. */
  usersShare: number;
  usersBurstMs: number;
}

/**
 * What a ping is charged, reading and answering it together: all are alike. Measured it would be the wait for a processor
 * as well, and on a machine that is short of them nobody could ask whether vigil is there.
 */
const PING_MS = 0.1;
/** Least time between two looks at who may go on. */
const LEAST_WAIT_MS = 5;

/**
 * Decides whose request is answered next. What else the daemon does has its turn in between, whatever is asked.
 *
 * Each turn of the event loop: root's first, then pings, then those of the group `vigil`, then everybody else's. Among
 * users the one who has used least of the daemon's time is next, whatever the number of connections; who has used
 * up his time waits. Each rank has at least one request answered in each turn, so that nobody waits for ever.
 */
export class RequestScheduler {
  private readonly lanes = new Map<string, Lane>();
  private readonly users: WorkBudget;
  private readonly userPings: WorkBudget;
  private turns = 0;
  private immediate: NodeJS.Immediate | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly limits: SchedulerLimits,
    /** A piece of work has failed, which is a bug. */
    private readonly failed: (error: unknown) => void,
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.users = new WorkBudget(limits.usersShare, limits.usersBurstMs, now_ms);
    this.userPings = new WorkBudget(2 * limits.pingShare, 2 * limits.pingBurstMs, now_ms);
  }

  /** Of this uid; null: who it is could not be found out. */
  lane(uid: number | null, rank: Rank): Lane {
    const key = `${rank} ${uid}`;
    let lane = this.lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(uid, rank, this.limits, this.now_ms);
      this.lanes.set(key, lane);
    }
    return lane;
  }

  /** All that are in use. */
  get all(): Iterable<Lane> {
    return this.lanes.values();
  }

  /** Does it when it is this one's turn. */
  add(lane: Lane, job: Job): void {
    lane.jobs.push(job);
    this.wake();
  }

  addPing(lane: Lane, job: Job): void {
    lane.pings.push(job);
    this.wake();
  }

  /** Does the work piece by piece, as it is this one's turn. */
  inTurns<T>(lane: Lane, work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const goOn = () => {
        try {
          const { done, value } = work.next();
          if (done) resolve(value);
          else if (value === undefined) this.add(lane, goOn);
          else value.then(() => this.add(lane, goOn), reject);
        } catch (error) {
          reject(error);
        }
      };
      this.add(lane, goOn);
    });
  }

  /** Work that was done for somebody outside of a job. */
  charge(lane: Lane, work_ms: number): void {
    if (lane.rank !== 'user') return;
    lane.budget.spend(work_ms);
    this.users.spend(work_ms);
  }

  /** Forgets who is gone and owes nothing. */
  sweep(): void {
    for (const [key, lane] of this.lanes)
      if (lane.isIdle && lane.budget.isFull && lane.pingBudget.isFull) this.lanes.delete(key);
  }

  stop(): void {
    if (this.immediate !== null) clearImmediate(this.immediate);
    if (this.timer !== null) clearTimeout(this.timer);
    this.immediate = null;
    this.timer = null;
    for (const lane of this.lanes.values()) {
      lane.jobs.length = 0;
      lane.pings.length = 0;
    }
  }

  private wake(): void {
    this.immediate ??= setImmediate(() => {
      this.immediate = null;
      this.turn();
    });
  }

  private turn(): void {
    loopPauses.endsSoon();
    const end_ms = this.now_ms() + this.limits.sliceMs;
    this.turns++;
    this.serve(end_ms, () => this.nextOf('owner'));
    this.servePings(end_ms);
    this.serve(end_ms, () => this.nextOf('admin'));
    this.serve(end_ms, () => this.nextUser());
    this.waitForMore();
  }

  /** One in any case, and more until the time is over. */
  private serve(end_ms: number, next: () => Lane | null): void {
    do {
      const lane = next();
      if (lane === null) return;
      lane.lastTurn = this.turns;
      const begin_ms = this.now_ms();
      this.run(lane.jobs.shift()!);
      this.charge(lane, this.now_ms() - begin_ms);
    } while (this.now_ms() < end_ms);
  }

  private run(job: Job): void {
    try {
      job();
    } catch (error) {
      this.failed(error);
    }
  }

  private servePings(end_ms: number): void {
    for (const lane of this.lanes.values()) {
      while (lane.pings.length > 0 && this.mayPing(lane)) {
        this.run(lane.pings.shift()!);
        lane.pingBudget.spend(PING_MS);
        if (lane.rank === 'user') this.userPings.spend(PING_MS);
        if (this.now_ms() >= end_ms) return;
      }
    }
  }

  private mayPing({ rank, pingBudget }: Lane): boolean {
    return rank !== 'user' || (pingBudget.left_ms > 0 && this.userPings.left_ms > 0);
  }

  private nextOf(rank: Rank): Lane | null {
    let next: Lane | null = null;
    for (const lane of this.lanes.values()) {
      if (lane.rank !== rank || lane.jobs.length === 0) continue;
      if (next === null || lane.lastTurn < next.lastTurn) next = lane;
    }
    return next;
  }

  private nextUser(): Lane | null {
    if (this.users.left_ms <= 0) return null;
    let next: Lane | null = null;
    let most_ms = 0;
    for (const lane of this.lanes.values()) {
      if (lane.rank !== 'user' || lane.jobs.length === 0) continue;
      const left_ms = lane.budget.left_ms;
      if (left_ms <= most_ms) continue;
      next = lane;
      most_ms = left_ms;
    }
    return next;
  }

  /** At once where somebody may go on, else when the first of those that wait may. */
  private waitForMore(): void {
    let wait_ms = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes.values()) {
      if (lane.jobs.length > 0) wait_ms = Math.min(wait_ms, this.waitOf(lane));
      if (lane.pings.length > 0) wait_ms = Math.min(wait_ms, this.pingWaitOf(lane));
    }
    if (wait_ms === 0) this.wake();
    else if (wait_ms < Number.POSITIVE_INFINITY) {
      // A sooner one may have come since.
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = setTimeout(
        () => {
          this.timer = null;
          this.wake();
        },
        Math.max(LEAST_WAIT_MS, wait_ms),
      ).unref();
    }
  }

  private waitOf({ rank, budget }: Lane): number {
    return rank === 'user' ? Math.max(budget.wait_ms, this.users.wait_ms) : 0;
  }

  private pingWaitOf({ rank, pingBudget }: Lane): number {
    return rank === 'user' ? Math.max(pingBudget.wait_ms, this.userPings.wait_ms) : 0;
  }
}
