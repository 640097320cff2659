import { afterEach, expect, it } from 'vitest';
import { loopPauses } from '../src/loop-pauses.js';
import { until } from './daemon/until.js';

afterEach(() => loopPauses.stop());

it('tells for how long nothing else could be done', async () => {
  loopPauses.start();
  const before = loopPauses.report().longest_pause_ms;
  const end_ms = performance.now() + before + 700;
  while (performance.now() < end_ms);
  await until('the pause', () => loopPauses.report().longest_pause_ms >= before + 600);
  const { longest_pause_ms, last_minute_ms } = loopPauses.report();
  expect(last_minute_ms).toBe(longest_pause_ms);
});
