import { expect, test } from 'vitest';
import { slope } from './slope.js';

test('a line has its own slope, for sure; noise around a level has none, about', () => {
  const line = slope([0, 1, 2, 3].map(x => [x, 5 + 3 * x] as const));
  expect(line.rise).toBeCloseTo(3);
  expect(line.error).toBeCloseTo(0);
  const noise = slope([1, -1, -1, 1].map((y, x) => [x, y] as const));
  expect(noise.rise).toBeCloseTo(0);
  expect(noise.error).toBeCloseTo(Math.sqrt(4 / 2 / 5));
});

test('one point, or one instant, rises by nothing', () => {
  expect(slope([[1, 7]])).toEqual({ rise: 0, error: 0 });
  expect(
    slope([
      [1, 7],
      [1, 9],
    ]),
  ).toEqual({ rise: 0, error: 0 });
});
