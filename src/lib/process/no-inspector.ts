import { isMainThread } from 'node:worker_threads';

/**
 * Node.js opens its inspector on 127.0.0.1:9229 at SIGUSR1: whoever connects runs code as this process. None of
 * ours ever listens. Two measures, since Node.js acts on the signal before any of our code runs: an address that
 * cannot be bound, for what we start ourselves, and a handler of our own from the first line on.
 */

/** Of a link, without saying which: the kernel refuses it whatever its settings are. It needs no quotes in a shell. */
export const NO_INSPECTOR_FLAG = '--inspect-port=fe80::1:65535';

/** A request that came before the handler is acted upon in one of the next turns of the loop. */
const LATE_MS = [0, 20, 200];

/** Swallows SIGUSR1, closes an inspector that is open, and hands no option for Node.js on to children. */
export function refuseInspector(): void {
  if (!isMainThread) return;
  process.on('SIGUSR1', () => {});
  delete process.env.NODE_OPTIONS;
  closeInspector();
  for (const delay_ms of LATE_MS) setTimeout(closeInspector, delay_ms).unref();
}

function closeInspector(): void {
  const inspector = process.getBuiltinModule('node:inspector');
  if (inspector?.url() !== undefined) inspector.close();
}
