import { afterEach, describe, expect, it, vi } from 'vitest';
import { nowTicks, ticksToEpochMs } from '../../../src/lib/os/boot.js';
import { now } from '../../../src/lib/time/time.js';
import { Clocks } from '../../clocks.js';

const machine = vi.hoisted(() => ({ slept_s: 0 }));
vi.mock('node:os', async importOriginal => {
  const os = await importOriginal<typeof import('node:os')>();
  return { ...os, uptime: () => os.uptime() + machine.slept_s };
});

const HOUR_MS = 3_600_000;

afterEach(() => vi.restoreAllMocks());

it('what starts after the machine slept starts now, not in vigil’s future', () => {
  const realDate = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => realDate() + machine.slept_s * 1000);
  for (let night = 0; night < 3; night++) {
    machine.slept_s += 8 * 3600;
    expect(Math.abs(ticksToEpochMs(nowTicks()) - now())).toBeLessThan(5_000);
    expect(Math.abs(Date.now() - now())).toBeLessThan(5_000);
  }
});

describe('the clock', () => {
  it('goes on while the machine sleeps, and counts no sleep twice', () => {
    const clocks = new Clocks(3 * HOUR_MS);
    const clock = clocks.clock();
    const start_ms = clock.now();
    clocks.passes(1_000).sleeps(8 * HOUR_MS);
    expect(clock.now() - start_ms).toBe(8 * HOUR_MS + 1_000);
    clocks.passes(1_000);
    expect(clock.now() - start_ms).toBe(8 * HOUR_MS + 2_000);
    clocks.sleeps(HOUR_MS);
    expect(clock.slept_ms()).toBe(9 * HOUR_MS);
    expect(clock.now() - start_ms).toBe(9 * HOUR_MS + 2_000);
    expect(clock.fromMonotonic(clocks.monotonic_ms)).toBe(clock.now());
  });

  it('does not move when somebody sets the wall clock, and yet says what that one showed', () => {
    for (const step_ms of [HOUR_MS, -HOUR_MS]) {
      const clocks = new Clocks();
      const clock = clocks.clock();
      const start_ms = clock.now();
      clocks.isSet(step_ms).passes(1_000);
      expect(clock.now() - start_ms).toBe(1_000);
      expect(clock.wallTime(start_ms)).toBe(start_ms + step_ms);
      clocks.sleeps(2 * HOUR_MS).passes(1_000);
      expect(clock.now() - start_ms).toBe(2 * HOUR_MS + 2_000);
      expect(clock.wallTime(start_ms)).toBe(start_ms + step_ms);
    }
  });

  it('is the same in two processes, though the wall clock was set or the machine slept between their starts', () => {
    const clocks = new Clocks();
    const daemon = clocks.clock();
    clocks
      .isSet(-500 * HOUR_MS)
      .sleeps(8 * HOUR_MS)
      .passes(1_000);
    const hand = clocks.clock(daemon.boot_ms);
    expect(hand.now()).toBe(daemon.now());
    clocks.sleeps(8 * HOUR_MS);
    expect(hand.now()).toBe(daemon.now());
    expect(hand.wallTime(0)).toBe(daemon.wallTime(0));
  });
});
