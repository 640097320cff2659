import type { ActionPlan } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';

/** Plans rest on the processes of the moment; older ones are made anew. */
const FRESH_MS = 1_000;

/** Plans for the latest news of an alert, made once for all who want them when it comes. */
export class FreshPlans {
  private made = new WeakMap<Alert, { plans: ActionPlan[]; made_ms: number }>();

  constructor(
    private readonly make: (alert: Alert) => ActionPlan[],
    private readonly now: () => number,
  ) {}

  /** The book makes a new object of an alert with each change: the same object is the same news. */
  of(alert: Alert): ActionPlan[] {
    const made_ms = this.now();
    const known = this.made.get(alert);
    if (known !== undefined && made_ms - known.made_ms < FRESH_MS) return known.plans;
    const plans = this.make(alert);
    this.made.set(alert, { plans, made_ms });
    return plans;
  }

  /** What may be done is judged by other rules now. */
  forget(): void {
    this.made = new WeakMap();
  }
}
