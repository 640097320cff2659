import type { Explanation } from '../../diagnosis/advisor.js';

const MAX_KEPT = 200;

/**
 * What a model said of open alerts, and from whose view of the machine: a user's uid, or null for all of it. It is
 * told to that user only, or to who sees everything.
 */
export class Explanations {
  private readonly kept = new Map<string, { alert_id: number; explanation: Explanation }>();

  keep(alert_id: number, viewer_uid: number | null, explanation: Explanation): void {
    this.kept.set(keyOf(alert_id, viewer_uid), { alert_id, explanation });
    // Of alerts that were over before the model had answered.
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
  }

  /** @param viewer_uid of the view that it was made from */
  of(alert_id: number, viewer_uid: number | null): Explanation | undefined {
    return this.kept.get(keyOf(alert_id, viewer_uid))?.explanation;
  }

  /** What was said to anybody of an alert that is over. */
  forget(alert_id: number): void {
    for (const [key, kept] of this.kept) if (kept.alert_id === alert_id) this.kept.delete(key);
  }
}

function keyOf(alert_id: number, viewer_uid: number | null): string {
  return `${alert_id} ${viewer_uid ?? 'all'}`;
}
