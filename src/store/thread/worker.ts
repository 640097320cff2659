import { parentPort, workerData } from 'node:worker_threads';
import { Engine, type EngineOptions } from '../engine/engine.js';
import { engineError } from '../engine/error.js';
import type { Reply, Request } from './protocol.js';

/** The store's thread: one engine, one request after the other. */

const { directory } = workerData as EngineOptions;
const engine = new Engine(workerData as EngineOptions);
let last: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: Request) => {
  last = last.then(async () => parentPort!.postMessage(await answer(request)));
});

async function answer({ id, method, args }: Request): Promise<Reply> {
  try {
    const work = engine[method] as (...args: unknown[]) => unknown;
    return { id, ok: true, value: await work.apply(engine, args) };
  } catch (error) {
    const { trouble, message } = engineError(error, directory);
    return { id, ok: false, trouble, message };
  }
}
