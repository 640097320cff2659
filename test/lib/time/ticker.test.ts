import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { onTick, recordTickFaults } from '../../../src/lib/time/ticker.js';

describe('what happens every second', () => {
  const ends: (() => void)[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
    vi.useRealTimers();
  });

  it('happens to all, also when one of them throws, whose name is recorded', () => {
    const faults = new FaultLog({ error: () => {} });
    ends.push(recordTickFaults((owner, error) => faults.record(owner, error)));
    const called: string[] = [];
    ends.push(onTick('the first', () => void called.push('first')));
    const broken = () => {
      throw new TypeError('a bug');
    };
    ends.push(onTick('the broken one', broken));
    ends.push(onTick('the last', () => void called.push('last')));
    vi.advanceTimersByTime(2_000);
    expect(called).toEqual(['first', 'last', 'first', 'last']);
    expect(faults.problems()).toEqual([
      expect.stringMatching(/in the broken one, 2 times, .*TypeError: a bug/),
    ]);
  });

  it('happens no more to one that another one ended a moment ago', () => {
    let called = 0;
    ends.push(onTick('the first', () => endOther()));
    const endOther = onTick('the other', () => called++);
    vi.advanceTimersByTime(2_000);
    expect(called).toBe(0);
  });
});
