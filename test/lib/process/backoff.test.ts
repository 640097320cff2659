import { expect, it } from 'vitest';
import { Backoff } from '../../../src/lib/process/backoff.js';

it('waits twice as long after each failure, up to a limit, and begins anew after what held', () => {
  let now_ms = 0;
  const backoff = new Backoff({ first_ms: 100, max_ms: 350, well_after_ms: 1_000 }, () => now_ms);
  expect([1, 2, 3, 4].map(() => backoff.failed())).toEqual([100, 200, 350, 350]);
  expect(backoff.mayTry).toBe(false);
  now_ms = 350;
  expect(backoff.mayTry).toBe(true);
  backoff.begun();
  now_ms += 1_000;
  expect([backoff.isWell, backoff.failed()]).toEqual([false, 350]);
  backoff.begun();
  now_ms += 1_001;
  expect([backoff.isWell, backoff.failed()]).toEqual([true, 100]);
  // What never began did not hold, however long it took.
  now_ms += 60_000;
  expect(backoff.failed()).toBe(200);
});

it('may try once more at once', () => {
  const backoff = new Backoff({ first_ms: 100, once_at_once: true });
  expect([1, 2, 3].map(() => backoff.failed())).toEqual([0, 100, 200]);
});
