import { WorkBudget } from './work-budget.js';

/** Whose work comes first: root's and that of the daemon's own user, then that of who may see everything, then all others'. */
export type Rank = 'owner' | 'admin' | 'user';

/** A piece of work on the event loop. */
export type Job = () => void;

export interface LaneLimits {
  /** Of one core, for the work of one ordinary user; 0 to 1. */
  userShare: number;
  /** What an ordinary user who has asked nothing for a while may use at once. */
  userBurstMs: number;
  /** The same for nothing but pings, each at one price: they tell whether vigil is there, also whoever has used up all else. */
  pingShare: number;
  pingBurstMs: number;
}

/** Everything that one uid has asked for, in order. All its connections share it: more of them get it no more. */
export class Lane {
  readonly jobs: Job[] = [];
  readonly pings: Job[] = [];
  readonly budget: WorkBudget;
  readonly pingBudget: WorkBudget;
  connections = 0;
  /** Memory that its unfinished requests take. */
  heldBytes = 0;
  /** When it last had a turn, in turns; who waited longest is next. */
  lastTurn = 0;

  constructor(
    readonly uid: number | null,
    readonly rank: Rank,
    private readonly limits: LaneLimits,
    now_ms?: () => number,
  ) {
    this.budget = new WorkBudget(limits.userShare, limits.userBurstMs, now_ms);
    this.pingBudget = new WorkBudget(limits.pingShare, limits.pingBurstMs, now_ms);
  }

  /** It has used up what it may: it waits, and nothing more is read from it meanwhile. */
  get isSpent(): boolean {
    return this.rank === 'user' && this.budget.left_ms <= 0;
  }

  /** It has used up more than any request takes: by coming and going. */
  get isInDebt(): boolean {
    return this.rank === 'user' && this.budget.left_ms < -this.limits.userBurstMs;
  }

  get isIdle(): boolean {
    return this.connections === 0 && this.jobs.length === 0 && this.pings.length === 0;
  }
}
