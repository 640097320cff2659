import { describe, expect, it } from 'vitest';
import { FaultLog } from '../../../src/lib/log/faults.js';

function logged() {
  const lines: { owner: string; count: number; err: Error }[] = [];
  let now_ms = 0;
  const faults = new FaultLog(
    { error: (fields: object) => void lines.push(fields as never) } as never,
    () => now_ms,
  );
  const wait = (ms: number) => {
    now_ms += ms;
  };
  return { faults, lines, wait };
}

describe('a fault log', () => {
  it('keeps the error of a listener from who calls it, and says whose it was', () => {
    const { faults, lines } = logged();
    const broken = faults.isolated('broken', () => {
      throw new TypeError('a\u001b[2J bug');
    });
    expect(broken).not.toThrow();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ owner: 'broken', err: { message: 'a\u001b[2J bug' } });
    expect(faults.problems()).toEqual([expect.stringMatching(/in broken, once, .*TypeError: a.+ bug/)]);
    expect(faults.problems().join()).not.toContain('\u001b');
  });

  it('takes a promise that is rejected for the same', async () => {
    const { faults } = logged();
    faults.isolated('later', async () => {
      throw new Error('late');
    })();
    await new Promise(resolve => setImmediate(resolve));
    expect(faults.problems().join()).toContain('in later, once');
  });

  it('counts a fault that comes each time, and logs it now and then', () => {
    const { faults, lines, wait } = logged();
    for (let i = 0; i < 1_000; i++) faults.record('events', 'not even an error');
    expect(lines).toHaveLength(1);
    wait(60_000);
    faults.record('events', new Error('again'));
    expect(lines).toHaveLength(2);
    expect(lines[1]!.count).toBe(1_001);
    expect(faults.problems()).toEqual([expect.stringContaining('1001 times')]);
  });

  it('is well again when nothing was heard for an hour', () => {
    const { faults, wait } = logged();
    faults.record('events', new Error('once'));
    wait(3_600_000);
    expect(faults.problems()).toEqual([]);
  });
});
