import { type AlertChange, type Severity, severityRank } from '../../model/alert.js';

/** A way out for alerts. `send` never throws and never waits. */
export interface Channel {
  /** For logs and `vigil health`, e.g. `slack (webhook 1)`, `log file`; never an address. */
  readonly name: string;
  send(change: AlertChange): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
  /** What has not left by now is given up. */
  stop(): Promise<void>;
  health(): ChannelHealth;
}

export interface ChannelHealth {
  name: string;
  sent: number;
  /** Given up: refused, or after the last attempt. */
  failed: number;
  /** Thrown away because too many were waiting. */
  dropped: number;
  waiting: number;
  /** What is wrong at present, in words that say what to do; null: nothing. */
  trouble: string | null;
}

const MAX_REMEMBERED = 1000;

/**
 * Which changes are worth a channel: alerts from `min` on. What was announced stays announced: the reader also
 * hears that it became milder, and that it is over.
 */
export class Gate {
  private readonly announced = new Set<number>();

  constructor(private readonly min: Severity) {}

  admits({ type, alert }: AlertChange): boolean {
    const known = this.announced.has(alert.id);
    const admitted = known || severityRank(alert.severity) >= severityRank(this.min);
    if (type === 'alert_resolved') this.announced.delete(alert.id);
    else if (admitted) this.remember(alert.id);
    return admitted;
  }

  private remember(id: number): void {
    this.announced.add(id);
    if (this.announced.size > MAX_REMEMBERED) this.announced.delete(this.announced.values().next().value!);
  }
}
