import { nowMs, sleep } from '../../lab/clock.js';

/** What took this long says so. */
const WORTH_SAYING_S = 5;

/** Runs one check and says how it went, a line each: `ok      what` or `FAILED  what: why`. Never throws. */
export async function check(what: string, test: () => void | Promise<void>): Promise<boolean> {
  const began_ms = nowMs();
  try {
    await test();
    const took_s = Math.round((nowMs() - began_ms) / 1000);
    console.log(`ok      ${what}${took_s < WORTH_SAYING_S ? '' : ` (${took_s} s)`}`);
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`FAILED  ${what}: ${why.replaceAll('\n', ' | ').slice(0, 600)}`);
    return false;
  }
}

/** What makes no sense any more once something in it has failed; the machine goes on with the next one. */
export async function stage(name: string, work: () => Promise<void>): Promise<void> {
  const began_ms = nowMs();
  try {
    await work();
    console.log(`STAGE   ${name}: ${Math.round((nowMs() - began_ms) / 1000)} s of the machine's clock`);
  } catch (error) {
    console.log(`FAILED  ${name} could not go on: ${(error as Error).message.replaceAll('\n', ' | ')}`);
  }
}

/** @throws unless both are the same text. */
export function same(actual: unknown, wanted: unknown): void {
  if (String(actual) !== String(wanted)) throw new Error(`it is "${actual}", not "${wanted}"`);
}

/** @throws with `why` unless `fine`. */
export function holds(fine: boolean, why: string): void {
  if (!fine) throw new Error(why);
}

/** Tries until it does not throw; then its result, after `limit_s` its last error. Emulated machines are slow. */
export async function eventually<T>(limit_s: number, attempt: () => T | Promise<T>): Promise<T> {
  const end_ms = nowMs() + limit_s * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (nowMs() > end_ms) throw error;
      await sleep(500);
    }
  }
}
