/** Asks until the answer is yes. The time is a limit for broken code, never a measure. */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  limit_ms = 90_000,
): Promise<void> {
  const end = performance.now() + limit_ms;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await new Promise(done => setTimeout(done, 100));
  }
}
