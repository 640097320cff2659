import { performance } from 'node:perf_hooks';

/** Milliseconds since the epoch, with a fraction; the same clock as the agents' hooks (`date +%s%N`). */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Polls `test` until it gives something other than undefined. */
export async function until<T>(
  what: string,
  test: () => T | undefined | Promise<T | undefined>,
  limit_ms: number,
  every_ms = 20,
): Promise<T> {
  const end = nowMs() + limit_ms;
  for (;;) {
    const found = await test();
    if (found !== undefined) return found;
    if (nowMs() > end) throw new Error(`waited ${limit_ms} ms in vain for ${what}`);
    await sleep(every_ms);
  }
}
