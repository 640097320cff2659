import type { ProgramHealth } from '../kernel/health.js';

/** Longer than the sensor's supervision leaves a program in any of its passing states (60 s to attach). */
export const STUCK_MS = 120_000;

/**
 * Tells a sensor that somebody looks after from one that nobody does. A program that is down and being
 * restarted, or that cannot run here, is reported in `vigil health`, and a new daemon would fare no better;
 * but one that stays in a passing state means that its supervision is dead.
 */
export class SensorVitals {
  private readonly since = new Map<string, { state: string; at_ms: number }>();

  /** What is wrong, in words; null while all is well. `now_ms` of a clock that does not jump. */
  check(programs: readonly ProgramHealth[], now_ms: number): string | null {
    for (const { name, state, restarts } of programs) {
      if (state === 'running' || state === 'off' || state === 'unavailable') {
        this.since.delete(name);
        continue;
      }
      const seen = this.since.get(name);
      const now = `${state}, restart ${restarts}`;
      if (seen?.state !== now) {
        this.since.set(name, { state: now, at_ms: now_ms });
        continue;
      }
      const stuck_ms = now_ms - seen.at_ms;
      if (stuck_ms > STUCK_MS)
        return `kernel program ${name} is '${state}' for ${Math.round(stuck_ms / 1000)} s`;
    }
    return null;
  }
}
