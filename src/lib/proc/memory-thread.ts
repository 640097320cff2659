import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { failureOf } from '../files/bounded-read.js';
import {
  ASKED,
  COUNT,
  DONE,
  FAILED,
  FILE,
  FILES,
  LENGTHS,
  NOTHING,
  PIDS,
  PROGRESS,
  roomFor,
  WORDS_BYTES,
} from './memory-protocol.js';

/** The thread that may be left behind in the kernel: waits for a question, reads, says so, waits for the next. */

const { shared, root } = workerData as { shared: SharedArrayBuffer; root: string };
const words = new Int32Array(shared, 0, WORDS_BYTES / 4);
const bytes = new Uint8Array(shared, WORDS_BYTES);

function read(path: string, into: Uint8Array): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    return failureOf(error) === 'ours' ? FAILED : NOTHING;
  }
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length < into.length; length += got)
      got = readSync(fd, into, length, into.length - length, null);
    return length;
  } catch (error) {
    return failureOf(error) === 'ours' ? FAILED : NOTHING;
  } finally {
    closeSync(fd);
  }
}

for (let asked = 0; ; ) {
  Atomics.wait(words, ASKED, asked);
  asked = Atomics.load(words, ASKED);
  const file = FILES[words[FILE]!]!;
  const room = roomFor(file);
  for (let i = 0; i < words[COUNT]!; i++) {
    words[LENGTHS + i] = read(`${root}/${words[PIDS + i]}/${file}`, bytes.subarray(i * room, (i + 1) * room));
    Atomics.store(words, PROGRESS, i + 1);
  }
  Atomics.store(words, DONE, asked);
  Atomics.notify(words, DONE);
}
