import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readScheduling, SilenceMeter } from '../../../src/lib/process/silence-meter.js';

/** A process as its scheduler sees it, and a clock. */
function played() {
  const at = { now_ms: 0, state: 'S', ran_ms: 0, waited_ms: 0 };
  const meter = new SilenceMeter(
    1,
    1_000,
    () => ({ ...at }),
    () => at.now_ms,
  );
  const pass = (more: Partial<typeof at> & { ms: number }) => {
    at.now_ms += more.ms;
    at.state = more.state ?? at.state;
    at.ran_ms += more.ran_ms ?? 0;
    at.waited_ms += more.waited_ms ?? 0;
    return meter.check();
  };
  return { meter, pass };
}

describe('SilenceMeter', () => {
  it('counts the silence of one that sleeps or is stopped', () => {
    const { pass } = played();
    expect(pass({ ms: 1_000 })).toEqual({ silent_ms: 1_000, hung_ms: 1_000 });
    expect(pass({ ms: 1_000, state: 'T' })).toEqual({ silent_ms: 2_000, hung_ms: 2_000 });
  });

  it('counts the silence of one that burns CPU', () => {
    const { pass } = played();
    expect(pass({ ms: 1_000, state: 'R', ran_ms: 1_000 }).hung_ms).toBe(1_000);
  });

  it('does not count what it waited for a CPU, told or not told yet', () => {
    const { pass } = played();
    expect(pass({ ms: 1_000, state: 'R' }).hung_ms).toBe(0);
    expect(pass({ ms: 1_000, state: 'R', ran_ms: 10 }).hung_ms).toBeCloseTo(10);
    // The wait is counted when it is over: more than passed since.
    expect(pass({ ms: 1_000, state: 'S', waited_ms: 2_990, ran_ms: 10 }).hung_ms).toBeCloseTo(10);
    expect(pass({ ms: 1_000, state: 'S', waited_ms: 900 }).hung_ms).toBeCloseTo(110);
  });

  it('does not count the time in which we did not listen', () => {
    const { pass } = played();
    expect(pass({ ms: 61_000 }).silent_ms).toBe(1_500);
  });

  it('begins anew at a sign of life', () => {
    const { meter, pass } = played();
    pass({ ms: 1_000 });
    meter.heard();
    expect(pass({ ms: 1_000 })).toEqual({ silent_ms: 1_000, hung_ms: 1_000 });
  });

  it('has a limited patience with one that the kernel holds', () => {
    const { pass } = played();
    let last = pass({ ms: 1_000, state: 'D' });
    for (let i = 1; i < 60; i++) last = pass({ ms: 1_000 });
    expect(last.hung_ms).toBe(0);
    expect(pass({ ms: 1_000 }).hung_ms).toBe(1_000);
  });
});

describe('readScheduling', () => {
  it('sees a real process run, and one that is gone', async () => {
    const child = spawn('python3', ['-S', '-E', '-c', 'while True: pass'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const first = readScheduling(child.pid!)!;
    let last = first;
    for (let i = 0; i < 200 && last.ran_ms < first.ran_ms + 50; i++) {
      await sleep(50);
      last = readScheduling(child.pid!)!;
    }
    expect(last.ran_ms).toBeGreaterThan(first.ran_ms);
    expect(readScheduling(4_194_305)).toBeNull();
  });
});
