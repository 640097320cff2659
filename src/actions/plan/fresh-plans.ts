import type { ActionPlan } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';

/** Plans rest on the processes of the moment; older ones are made anew. */
const FRESH_MS = 1_000;

/** Plans for the latest news of an alert, made once for all who want them when it comes. */
export class FreshPlans {
  private made = new WeakMap<Alert, { plans: Promise<ActionPlan[]>; made_ms: number }>();

  constructor(
    private readonly make: (alert: Alert) => Promise<ActionPlan[]>,
    private readonly now: () => number,
  ) {}

  /** The book makes a new object of an alert with each change: the same object is the same news. */
  of(alert: Alert): Promise<ActionPlan[]> {
    const made_ms = this.now();
    const known = this.made.get(alert);
    if (known !== undefined && made_ms - known.made_ms < FRESH_MS) return known.plans;
    const plans = this.make(alert);
    this.made.set(alert, { plans, made_ms });
    plans.catch(() => {
      if (this.made.get(alert)?.plans === plans) this.made.delete(alert);
    });
    return plans;
  }

  /** What may be done is judged by other rules now. */
  forget(): void {
    this.made = new WeakMap();
  }
}
