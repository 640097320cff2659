import { type Alert, type AlertChange, type Severity, severityRank } from '../model/alert.js';
import type { Advisor, Explanation } from './advisor.js';
import { unasked } from './asker.js';
import type { Question } from './question.js';

export interface ExplainerDeps {
  advisor: Pick<Advisor, 'explain' | 'unavailable'>;
  /** Everything that is known around the alert at this moment. */
  questionOf: (alert: Alert) => Question;
  /** Each alert that was worth it, once or when it got worse; by the rules where no model can be asked. */
  explained: (alert: Alert, explanation: Explanation) => void;
  /** It could not be asked, or taken in: an error of vigil's own. The next alert has its turn. */
  failed: (alert: Alert, error: unknown) => void;
}

/** More than this at once is one trouble with many faces: the mildest are left to whoever asks. */
const MAX_PENDING = 20;

/** Explains alerts without being asked, one after the other, the worst first, as often as the budget allows. */
export class Explainer {
  private readonly pending = new Map<number, Alert>();
  /** The severity for which an alert was explained, or is waiting to be. */
  private readonly known = new Map<number, Severity>();
  private running = false;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private min_severity: Severity,
    private readonly deps: ExplainerDeps,
  ) {}

  /** For the changes that are heard from now on. */
  configure(min_severity: Severity): void {
    this.min_severity = min_severity;
  }

  hear({ type, alert }: AlertChange): void {
    if (type === 'alert_resolved') {
      this.pending.delete(alert.id);
      this.known.delete(alert.id);
      return;
    }
    if (this.pending.has(alert.id)) this.pending.set(alert.id, alert);
    const before = this.known.get(alert.id);
    const worse = before === undefined || severityRank(alert.severity) > severityRank(before);
    if (this.stopped || !worse || severityRank(alert.severity) < severityRank(this.min_severity)) return;
    this.known.set(alert.id, alert.severity);
    this.pending.set(alert.id, alert);
    if (this.pending.size > MAX_PENDING) this.pending.delete(this.next(-1)!.id);
    void this.work();
  }

  stop(): void {
    this.stopped = true;
    this.pending.clear();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async work(): Promise<void> {
    if (this.running || this.timer !== null) return;
    this.running = true;
    try {
      for (let alert = this.next(1); alert !== null; alert = this.next(1)) {
        if (!(await this.explainOne(alert))) break;
      }
    } finally {
      this.running = false;
    }
  }

  /** False: not now; it is tried again later. Never throws: one alert must not keep the others from being explained. */
  private async explainOne(alert: Alert): Promise<boolean> {
    this.pending.delete(alert.id);
    try {
      const asker = unasked(alert);
      const wait_ms = this.deps.advisor.unavailable(asker)?.wait_ms ?? null;
      if (wait_ms !== null) return this.again(alert, wait_ms);
      const explanation = await this.deps.advisor.explain(this.deps.questionOf(alert), asker);
      if (this.stopped) return false;
      // Somebody asked something else in between: it comes again.
      if (explanation.failure?.code === 'busy') return this.again(alert, BUSY_MS);
      this.deps.explained(alert, explanation);
    } catch (error) {
      try {
        this.deps.failed(alert, error);
      } catch {
        // Who cannot be told is not told.
      }
    }
    return !this.stopped;
  }

  private again(alert: Alert, wait_ms: number): false {
    // Unless it is over by now.
    if (this.known.has(alert.id)) this.pending.set(alert.id, this.pending.get(alert.id) ?? alert);
    this.later(wait_ms);
    return false;
  }

  private later(wait_ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.work();
    }, wait_ms);
    this.timer.unref();
  }

  /** The worst and newest of those that wait (1), or the mildest and oldest (-1). */
  private next(sign: 1 | -1): Alert | null {
    let best: Alert | null = null;
    for (const alert of this.pending.values()) {
      if (best === null || sign * order(alert, best) > 0) best = alert;
    }
    return best;
  }
}

const BUSY_MS = 2000;

function order(a: Alert, b: Alert): number {
  return severityRank(a.severity) - severityRank(b.severity) || a.id - b.id;
}
