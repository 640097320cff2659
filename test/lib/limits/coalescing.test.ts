import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Coalescing } from '../../../src/lib/limits/coalescing.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('passes on at once what is seldom; of a storm the newest of each matter, far below what a helper may say', () => {
  const passed: string[] = [];
  const news = new Coalescing<string>(text => passed.push(text));
  news.add('a', 'a0');
  expect(passed).toEqual(['a0']);
  for (let i = 1; i <= 1_000; i++) {
    for (let matter = 0; matter < 50; matter++) news.add(`m${matter}`, `m${matter} ${i}`);
    vi.advanceTimersByTime(1);
  }
  expect(passed.length).toBeLessThan(120);
  vi.advanceTimersByTime(2_000);
  // Nothing that is true in the end is lost.
  for (let matter = 0; matter < 50; matter++) expect(passed).toContain(`m${matter} 1000`);
  news.add('a', 'late');
  news.add('a', 'later');
  news.close();
  expect(vi.getTimerCount()).toBe(0);
});
