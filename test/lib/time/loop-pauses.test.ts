import { afterEach, expect, it } from 'vitest';
import { loopPauses } from '../../../src/lib/time/loop-pauses.js';
import { until } from '../../daemon/until.js';

afterEach(() => loopPauses.stop());

function work(ms: number): void {
  const end_ms = performance.now() + ms;
  while (performance.now() < end_ms);
}

it('tells for how long nothing else could be done', async () => {
  loopPauses.start();
  work(700);
  await until('the pause', () => loopPauses.report().longest_pause_ms >= 600);
  const { longest_pause_ms, last_minute_ms } = loopPauses.report();
  expect(last_minute_ms).toBe(longest_pause_ms);
});

it('tells what it took to start apart from what somebody waited for', async () => {
  loopPauses.start();
  work(700);
  loopPauses.serving();
  await until('the start', () => loopPauses.report().start_pause_ms >= 600);
  const { longest_pause_ms, last_minute_ms } = loopPauses.report();
  expect(Math.max(longest_pause_ms, last_minute_ms)).toBeLessThan(600);
});

it('takes many short pieces of the first second for no pause', async () => {
  loopPauses.start();
  loopPauses.serving();
  let pieces = 0;
  const working = setInterval(() => {
    work(8);
    pieces++;
  }, 10);
  await until('pieces', () => pieces >= 100);
  clearInterval(working);
  // Together they are far longer.
  expect(loopPauses.report().longest_pause_ms).toBeLessThan(400);
});
