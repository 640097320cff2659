import { expect, it, vi } from 'vitest';
import { throttled } from '../../src/agents/transcripts/reader.js';

it('what asks for itself again has its next turn later, not at once', () => {
  vi.useFakeTimers();
  let runs = 0;
  const run = throttled(100, () => {
    if (++runs < 3) run();
  });
  run();
  const at_once = runs;
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect([at_once, runs]).toEqual([1, 3]);
});
