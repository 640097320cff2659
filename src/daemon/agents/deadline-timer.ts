import type { Clock } from '../../lib/time/time.js';

/**
 * A deadline is looked at this much later than it is due: events that happened before it may still be on
 * their way through the pipe, and they count first.
 */
const SLACK_MS = 10;
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls when the next deadline is due. They mostly move away: a timer that comes too early is cheaper than a new one. */
export class DeadlineTimer {
  private timer: NodeJS.Timeout | null = null;
  private due_ms = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly deadlines: { nextDeadline(): number | null },
    /** `time_ms`: up to then everything has happened. */
    private readonly due: (time_ms: number) => void,
  ) {}

  schedule(): void {
    const due_ms = this.deadlines.nextDeadline();
    if (due_ms === null || due_ms >= this.due_ms) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.due_ms = due_ms;
    const delay_ms = Math.max(0, due_ms + SLACK_MS - this.clock.now());
    this.timer = setTimeout(() => this.look(), Math.min(delay_ms, MAX_DELAY_MS));
  }

  /** Until it is scheduled again. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.due_ms = Number.POSITIVE_INFINITY;
  }

  private look(): void {
    this.timer = null;
    this.due_ms = Number.POSITIVE_INFINITY;
    const due_ms = this.deadlines.nextDeadline();
    if (due_ms === null || due_ms > this.clock.now() - SLACK_MS) {
      this.schedule();
      return;
    }
    // What is waiting in the pipes is older than this deadline: let it in first.
    setImmediate(() => this.due(this.clock.now() - SLACK_MS));
  }
}
