import { parentPort } from 'node:worker_threads';
import { type ChildQuestion, execute } from './run-child.js';

/** The thread that starts programs for another one's event loop; see `run-child.ts`. */

parentPort!.on('message', async (question: ChildQuestion) => {
  parentPort!.postMessage({ id: question.id, result: await execute(question) });
});
