import { expect, test } from 'vitest';
import { slope } from './slope.js';

test('a line has its own slope, noise around a level has none', () => {
  const line = [0, 1, 2, 3].map(x => [x, 5 + 3 * x] as const);
  expect(slope(line)).toBeCloseTo(3);
  expect(slope([1, -1, -1, 1].map((y, x) => [x, y] as const))).toBeCloseTo(0);
});

test('one point, or one instant, rises by nothing', () => {
  expect(slope([[1, 7]])).toBe(0);
  expect(
    slope([
      [1, 7],
      [1, 9],
    ]),
  ).toBe(0);
});
