import { expect, it } from 'vitest';
import { atOnce } from '../../../src/lib/time/slices.js';
import { UsageMeter } from '../../../src/sources/procfs/usage.js';

it('is measured a few processes at a time, however many there are', () => {
  const meter = new UsageMeter('/proc');
  const work = meter.measure(Array<number>(5_000).fill(process.pid), 1_000_000, () => 0);
  let pieces = 0;
  let step = work.next();
  for (; !step.done; step = work.next()) pieces++;
  expect(pieces).toBeGreaterThan(100);
  expect(step.value.rss_bytes).toBeGreaterThan(0);
});

it('of few processes is measured without a break', () => {
  const work = new UsageMeter('/proc').measure([process.pid], 1_000_000, () => 0);
  expect(work.next().done).toBe(true);
  expect(atOnce(new UsageMeter('/proc').measure([], 1, () => 0))).toEqual({ cpu_percent: 0, rss_bytes: 0 });
});
