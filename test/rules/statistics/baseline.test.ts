import { expect, test } from 'vitest';
import { Baseline } from '../../../src/rules/statistics/baseline.js';
import { START_MS } from '../machine.js';

const HOUR_MS = 3_600_000;

function learned(values: number[], baseline = new Baseline(() => 0)): Baseline {
  values.forEach((value, minute) => {
    baseline.learn(START_MS + minute * 60_000, { load: value });
  });
  return baseline;
}

test('mean and deviation of an hour, as computed by hand', () => {
  const usual = learned([2, 4, 4, 4, 5, 5, 7, 9]).usual('load', START_MS)!;
  expect(usual.mean).toBeCloseTo(5);
  expect(usual.deviation).toBeCloseTo(Math.sqrt(32 / 7));
  expect(usual.days).toBe(1);
});

test('hours are apart, and local', () => {
  const baseline = learned([5, 5]);
  expect(baseline.usual('load', START_MS + HOUR_MS)).toBeNull();
  expect(baseline.usual('load', START_MS + 24 * HOUR_MS)?.mean).toBe(5);
  const east = learned([5, 5], new Baseline(() => -30));
  expect(east.usual('load', START_MS + 29 * 60_000)).not.toBeNull();
  expect(east.usual('load', START_MS + 31 * 60_000)).toBeNull();
});

test('one sample a minute, however often it is asked to learn', () => {
  const baseline = new Baseline(() => 0);
  for (let s = 0; s < 60; s += 2) baseline.learn(START_MS + s * 1000, { load: s });
  baseline.learn(START_MS + 60_000, { load: 100 });
  expect(baseline.usual('load', START_MS)?.mean).toBe(50);
});

test('one wild hour does not become usual, a lasting change does', () => {
  const baseline = new Baseline(() => 0);
  const live = (day: number, value: number) => {
    for (let minute = 0; minute < 60; minute++) {
      baseline.learn(START_MS + day * 24 * HOUR_MS + minute * 60_000, { load: value + (minute % 3) });
    }
  };
  for (let day = 0; day < 5; day++) live(day, 10);
  live(5, 90);
  expect(baseline.usual('load', START_MS)!.mean).toBeLessThan(30);
  for (let day = 6; day < 60; day++) live(day, 90);
  expect(baseline.usual('load', START_MS)!.mean).toBeGreaterThan(80);
});

test('what was saved comes back, and what makes no sense is left out', () => {
  const saved = learned([2, 4, 6]).save();
  const baseline = new Baseline(() => 0);
  baseline.restore([
    ...JSON.parse(JSON.stringify(saved)),
    { key: 'load', hour: 25, state: [1, 1, 1, 1, 1] },
    { key: 'ram', hour: 12, state: ['1', null] },
    { key: 'cpu', hour: 12, state: [5, 1, -1, 1, 1] },
  ]);
  expect(baseline.save()).toEqual(saved);
});
