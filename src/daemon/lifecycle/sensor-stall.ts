import type { ProgramHealth } from '../../sources/kernel/health.js';

/** Longer than the sensor's supervision leaves a program in any of its passing states (60 s to attach). */
export const STUCK_MS = 120_000;
/** Nobody supervised anything while this loop stood still: no more than this counts of a pause between two checks. */
const MAX_STEP_MS = 15_000;

/**
 * Tells a sensor that somebody looks after from one that nobody does. A program that is down and being
 * restarted, that cannot run here, or that gets no CPU, is reported in `vigil health`, and a new daemon would fare no
 * better; but one that stays in a passing state means that its supervision is dead.
 */
export class SensorStallDetector {
  private readonly stuck = new Map<string, { state: string; for_ms: number }>();
  private checked_ms: number | null = null;

  /** What is wrong, in words; null while all is well. `now_ms` of a clock that does not jump. */
  check(programs: readonly ProgramHealth[], now_ms: number): string | null {
    const step_ms = Math.min(MAX_STEP_MS, now_ms - (this.checked_ms ?? now_ms));
    this.checked_ms = now_ms;
    for (const { name, state, restarts, starved } of programs) {
      if (starved || state === 'running' || state === 'off' || state === 'unavailable') {
        this.stuck.delete(name);
        continue;
      }
      const now = `${state}, restart ${restarts}`;
      const before = this.stuck.get(name);
      const for_ms = before?.state === now ? before.for_ms + step_ms : 0;
      this.stuck.set(name, { state: now, for_ms });
      if (for_ms > STUCK_MS) return `kernel program ${name} is '${state}' for ${Math.round(for_ms / 1000)} s`;
    }
    return null;
  }
}
