import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChildRunner } from '../../../src/lib/process/run-child.js';

/** Its thread is a file of its own: only the built one runs. */
const built = (await import(resolve('dist/lib/process/run-child.js'))) as { ChildRunner: typeof ChildRunner };

const OPTIONS = {
  timeout: 20_000,
  killSignal: 'SIGKILL',
  maxBuffer: 10_000,
  env: { PATH: '/usr/bin:/bin' },
  cwd: '/',
} as const;

describe.each([true, false])('a program that is asked one thing, on a thread: %s', isAside => {
  let runner: ChildRunner;
  const sh = (script: string, options = {}) =>
    runner.run('/bin/sh', ['-c', script], { ...OPTIONS, ...options });

  beforeEach(() => {
    runner = new built.ChildRunner();
    if (isAside) runner.aside();
  });
  afterEach(() => runner.stop());

  it('is told with what it says and how it ends', async () => {
    expect(await sh('pwd; echo no >&2; exit 2')).toMatchObject({ code: 2, stdout: '/\n', stderr: 'no\n' });
    expect(await sh('echo yes')).toEqual({ code: 0, problem: null, stdout: 'yes\n', stderr: '' });
  });

  it('costs nobody anything when it cannot be started, lasts too long, or says too much', async () => {
    const [missing, hostile, late, long] = await Promise.all([
      runner.run('/nowhere/at-all', [], OPTIONS),
      runner.run('/bin/true', ['\0'], OPTIONS),
      sh('exec sleep 60', { timeout: 300 }),
      sh('yes'),
    ]);
    expect(missing).toMatchObject({ code: null, problem: expect.stringContaining('ENOENT') });
    expect(hostile).toMatchObject({ code: null, problem: expect.stringContaining('null bytes') });
    expect(late).toMatchObject({ code: null, problem: expect.any(String) });
    expect(long.problem).not.toBeNull();
    expect(long.stdout.length).toBeLessThanOrEqual(20_000);
    expect(await sh('echo well')).toMatchObject({ code: 0, stdout: 'well\n' });
  });

  it('answers each its own, however many ask at once', async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => i);
    const found = await Promise.all(numbers.map(i => sh(`sleep 0.${12 - i}; echo ${i}`)));
    expect(found.map(({ stdout }) => Number(stdout))).toEqual(numbers);
  });
});

describe('the thread that starts programs', () => {
  it('keeps the event loop for a fraction of what starting one does', async () => {
    // A fork copies the table of all this.
    const ballast = Array.from({ length: 40 }, (_, i) => Buffer.alloc(10_000_000, i + 1));
    const keptBy = async (runner: ChildRunner) => {
      await runner.run('/bin/true', [], OPTIONS);
      const times: number[] = [];
      for (let i = 0; i < 15; i++) {
        const begin_ms = performance.now();
        const result = runner.run('/bin/true', [], OPTIONS);
        times.push(performance.now() - begin_ms);
        expect(await result).toMatchObject({ code: 0 });
      }
      await runner.stop();
      return times.sort((a, b) => a - b)[7]!;
    };
    const here = new built.ChildRunner();
    const aside = new built.ChildRunner();
    aside.aside();
    expect(await keptBy(aside)).toBeLessThan((await keptBy(here)) / 4);
    expect(ballast.length).toBe(40);
  });

  it('is there only while somebody asks, and comes again', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const runner = new built.ChildRunner();
    runner.aside();
    const before = threads();
    await runner.run('/bin/true', [], OPTIONS);
    const most = threads();
    expect(most).toBeGreaterThan(before);
    for (let i = 0; i < 200 && threads() === most; i++) await sleep(100);
    expect(threads()).toBeLessThan(most);
    expect(await runner.run('/bin/echo', ['again'], OPTIONS)).toMatchObject({ stdout: 'again\n' });
    await runner.stop();
  });
});
