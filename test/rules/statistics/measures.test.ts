import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { level, levelBelow } from '../../../src/rules/engine/level.js';
import { steadyGrowth, steadyTrend } from '../../../src/rules/statistics/growth.js';
import { fitLine } from '../../../src/rules/statistics/regression.js';
import { type Points, Series } from '../../../src/rules/statistics/series.js';
import { SustainedFor } from '../../../src/rules/statistics/sustained-for.js';

function points(values: number[], step_ms = 10_000): Points {
  return { values, times_ms: values.map((_, i) => i * step_ms) };
}

test('since when a value was at least x: what looking through all of them says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }), values => {
      const held = new SustainedFor();
      values.forEach((value, time) => {
        held.add(time, value);
        for (let least = 0; least <= 9; least++) {
          let expected: number | null = null;
          for (let i = time; i >= 0 && values[i]! >= least; i--) expected = i;
          expect(held.since(least)).toBe(expected);
        }
      });
    }),
  );
});

test('since when, of a value that only rises: never too early, and bounded', () => {
  const held = new SustainedFor();
  for (let time = 0; time < 1000; time++) held.add(time, time);
  expect(held.since(0)).toBe(0);
  expect(held.since(995)).toBeGreaterThanOrEqual(995);
  expect(JSON.stringify(held).length).toBeLessThan(600);
});

describe('a series', () => {
  test('keeps the last values, at least so far apart', () => {
    const series = new Series(3, 10);
    expect(series.last()).toBeNull();
    for (let time = 0; time <= 50; time += 5) series.add(time, time);
    expect(series.since(0)).toEqual({ times_ms: [30, 40, 50], values: [30, 40, 50] });
    expect(series.since(35).values).toEqual([40, 50]);
    expect(series.last()).toBe(50);
  });
});

describe('a line', () => {
  test('is found again', () => {
    const line = fitLine(points([5, 7, 9, 11, 13]))!;
    expect(line.slope_per_s).toBeCloseTo(0.2);
    expect(line.r2).toBeCloseTo(1);
    expect(line.span_ms).toBe(40_000);
  });

  test.each([
    ['too few', points([1, 2])],
    ['all at once', points([1, 2, 3], 0)],
  ])('%s: none', (_name, of) => {
    expect(fitLine(of)).toBeNull();
  });

  test('noise has a small r², what stands still has slope 0', () => {
    expect(fitLine(points([5, 1, 6, 0, 5, 1, 6, 0]))!.r2).toBeLessThan(0.2);
    expect(fitLine(points([4, 4, 4, 4]))).toMatchObject({ slope_per_s: 0, r2: 0 });
  });
});

describe('growth', () => {
  test.each<[string, number[], number | null]>([
    ['step by step', [10, 20, 30, 40, 50, 60], 50],
    ['one jump', [10, 10, 10, 90, 90, 90], null],
    ['ended long ago', [10, 20, 30, 40, 50, 50, 50, 50, 50, 50, 50, 50, 50], null],
    ['given back and taken again', [10, 20, 30, 40, 10, 20, 30, 40], null],
    ['beyond what it had before it gave back', [50, 10, 30, 50, 70, 90, 110], 60],
    ['none', [10, 10, 10, 10, 10, 10], null],
    ['falling', [60, 50, 40, 30, 20, 10], null],
  ])('%s', (_name, values, expected) => {
    expect(steadyGrowth(points(values), 4)?.gained ?? null).toBe(expected);
  });

  test('a trend needs its span, its straightness, and to go on', () => {
    const rising = points(Array.from({ length: 30 }, (_, i) => i));
    expect(steadyTrend(rising, 200_000, 0.9)).toMatchObject({ gained: 29 });
    expect(steadyTrend(rising, 400_000, 0.9)).toBeNull();
    const ended = points(Array.from({ length: 30 }, (_, i) => Math.min(i, 12)));
    expect(steadyTrend(ended, 200_000, 0.5)).toBeNull();
  });
});

test('levels from above and from below', () => {
  const above = { warning: 80, critical: 90 };
  expect(level(79, above, 5)).toEqual({ severity: null, holds: true, threshold: 80 });
  expect(level(74, above, 5).holds).toBe(false);
  expect(level(80, above).severity).toBe('warning');
  expect(level(95, above)).toMatchObject({ severity: 'critical', threshold: 90 });
  const below = { warning: 10, critical: 5 };
  expect(levelBelow(10, below, 1)).toEqual({ severity: null, holds: true, threshold: 10 });
  expect(levelBelow(9.9, below, 1).severity).toBe('warning');
  expect(levelBelow(4, below, 1).severity).toBe('critical');
  expect(levelBelow(12, below, 1).holds).toBe(false);
});
