import type { Bus } from '../../bus.js';
import type { FaultLog } from '../../lib/log/faults.js';
import type { Logger } from '../../lib/log/logger.js';
import { now } from '../../lib/time/time.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { AgentScan } from './agent-scan.js';

/** The first look comes so soon: what is lost together is told in many pieces. */
const FIRST_MS = 100;
/** A look at all of /proc costs the time in which more would be lost: not more often than this. */
const EVERY_MS = 2_000;
/** So long `vigil health` speaks of a gap. */
const NEWS_MS = 10 * 60_000;

export interface ResyncOptions {
  logger: Logger;
  bus: Bus;
  scan: Pick<AgentScan, 'rescan'>;
  faults: Pick<FaultLog, 'isolated'>;
}

/** Gaps in what the kernel tells. However many pieces are lost, one look finds what was missed by then. */
export class ResyncScheduler implements Module {
  readonly name = 'resync';
  private readonly reasons = new Set<string>();
  private lost_events = 0;
  private timer: NodeJS.Timeout | null = null;
  /** By the monotonic clock. */
  private looked_ms = Number.NEGATIVE_INFINITY;
  private last: { reason: string; at_ms: number } | null = null;

  private readonly endGaps: () => void;
  /** A timer calls it. */
  private readonly look: () => void;

  constructor(private readonly options: ResyncOptions) {
    const { bus, faults } = options;
    this.look = faults.isolated(this.name, () => this.rescan());
    this.endGaps = bus.on(this.name, 'sensor.gap', gap => {
      if ('reason' in gap) this.reasons.add(gap.reason);
      else this.lost_events += gap.lost;
      this.soon();
    });
  }

  /** For `vigil health`: the last one, while it is news. */
  health(): ModuleHealth {
    return { problems: this.news() };
  }

  private news(): string[] {
    if (this.last === null) return [];
    const ago_ms = now() - this.last.at_ms;
    if (ago_ms >= NEWS_MS) return [];
    return [`${this.last.reason} (${Math.round(ago_ms / 1000)} s ago; all processes were looked at again)`];
  }

  stop(): void {
    this.endGaps();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private soon(): void {
    if (this.timer !== null) return;
    const rest_ms = this.looked_ms + EVERY_MS - performance.now();
    this.timer = setTimeout(this.look, Math.max(FIRST_MS, rest_ms));
    this.timer.unref();
  }

  private rescan(): Promise<void> {
    const { logger, scan } = this.options;
    this.timer = null;
    if (this.lost_events > 0) this.reasons.add(`${this.lost_events} process events were lost`);
    const reason = [...this.reasons].join('; ');
    this.reasons.clear();
    this.lost_events = 0;
    this.last = { reason, at_ms: now() };
    logger.info({ reason }, 'looking at all processes again');
    this.looked_ms = performance.now();
    return scan.rescan(true);
  }
}
