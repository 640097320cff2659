import { Worker } from 'node:worker_threads';
import { cuts, failureOf, readBytes } from '../files/bounded-read.js';
import { libc } from '../os/libc.js';
import { readUid } from '../os/uid.js';
import type { Work } from '../time/in-turns.js';
import {
  ASKED,
  COUNT,
  DONE,
  FAILED,
  FILE,
  FILES,
  LENGTHS,
  MAX_PIDS,
  type MemoryFile,
  NOTHING,
  PENDING,
  PIDS,
  PROGRESS,
  roomFor,
  SHARED_BYTES,
  WORDS_BYTES,
} from './memory-protocol.js';

/**
 * `/proc/PID/cmdline` and `environ` lie in the memory of that process, which a user can close for ever: while one of
 * its threads waits for a page of a filesystem that does not answer (a program of the user's own, a server that is
 * down) and another wants to map something, whoever reads them hangs in the kernel. Nothing tells beforehand. So the
 * daemon lets threads of its own read them, waits a moment, and leaves behind the one that does not come back.
 */

/** Bytes of one file; null: gone, or not to be read; `unknown`: it cannot be told now, ask again later. */
export type Memory = Buffer | null | 'unknown';

/**
 * Between two turns of the event loop, for all that is asked at once. Reading takes some 15 µs: who needs longer does
 * not answer, or the machine has no time for the thread.
 */
const WAIT_MS = 50;
/** For what is asked in turns, which keeps nobody else waiting. */
const WAIT_IN_TURNS_MS = 250;
/** A thread that is as far as it was this long ago hangs; before that it may have had no turn. */
const HUNG_MS = 1_000;
/**
 * Threads at work or left behind, together. Users, who can hang one as often as they like, have one each and a second
 * while at most half of all are taken; the last ones are for what is root's.
 */
const MAX_THREADS = 12;
const FOR_ROOT = 2;
const MAX_EACH = 2;
/** So many without an answer, and not yet known to hang: more of them would help nobody on a machine without time. */
const MAX_SLOW = 3;

/** A thread, and what it was asked last. */
interface Reader {
  worker: Worker;
  words: Int32Array;
  bytes: Uint8Array;
  pids: readonly number[];
  /** When it was asked what it has not answered; null: it waits for a question. */
  asked_ms: number | null;
  /** Its answer has yet to be taken. */
  isHeld: boolean;
}

/** What one thread was asked. */
interface Question {
  reader: Reader;
  pids: readonly number[];
  file: MemoryFile;
  /** Of its thread, before it. */
  done: number;
}

/** Of ES2024, which Node.js 20 has. */
interface AsyncAtomics {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
    timeout_ms: number,
  ): { async: true; value: Promise<'ok' | 'timed-out'> } | { async: false; value: 'not-equal' | 'timed-out' };
}

/** Reads the memory files of processes; in the daemon, on threads that can be left behind. */
export class ProcessMemory {
  private readonly readers: Reader[] = [];
  private guarded = false;
  private exits = false;
  /** Spent on waiting, and on threads that are new, since the event loop had its last turn. */
  private waited_ms = 0;
  /** In this turn: on a busy machine each takes 50 ms. */
  private hasNewThread = false;
  private nextTurn: NodeJS.Immediate | null = null;

  constructor(
    private readonly root = '/proc',
    private readonly ownerOf: (pid: number) => number | null = pid => readUid(root, pid),
  ) {}

  /** From here on threads read. Resolves when the first is ready, or does not come: then it is tried again. */
  async guard(): Promise<void> {
    this.guarded = true;
    const { worker } = this.addReader();
    // It keeps nobody from ending, but whoever waits for it is not done.
    worker.ref();
    await new Promise<void>(resolve => {
      worker.once('online', resolve);
      worker.once('exit', () => resolve());
    });
    worker.unref();
  }

  async stop(): Promise<void> {
    this.guarded = false;
    const idle = this.readers.filter(reader => reader.asked_ms === null);
    await Promise.allSettled(idle.map(({ worker }) => worker.terminate()));
  }

  /** Processes whose memory did not let itself be read. */
  hung(): number[] {
    return this.readers.map(reader => this.hungAt(reader)).filter(pid => pid !== null);
  }

  /** One file of one process. */
  read(pid: number, file: MemoryFile): Memory {
    return this.readAll([pid], file)[0]!;
  }

  /** One file of each process, in their order, at the price of one question for many of them. */
  readAll(pids: readonly number[], file: MemoryFile): Memory[] {
    if (!this.guarded) return pids.map(pid => this.direct(pid, file));
    return questions(pids, file).flatMap(some => this.ask(some, file));
  }

  /** The same as work in pieces: whatever a thread waits for, the event loop goes on. */
  *readInTurns(pids: readonly number[], file: MemoryFile): Work<Memory[]> {
    if (!this.guarded) return pids.map(pid => this.direct(pid, file));
    const found: Memory[] = [];
    for (const some of questions(pids, file)) {
      let answers: Memory[] = some.map(() => 'unknown');
      yield this.askLater(some, file).then(told => {
        answers = told;
      });
      found.push(...answers);
    }
    return found;
  }

  private direct(pid: number, file: MemoryFile): Memory {
    try {
      const { bytes, cut } = readBytes(`${this.root}/${pid}/${file}`, roomFor(file) - 1);
      if (cut) countCut(file);
      return Buffer.from(bytes);
    } catch (error) {
      return failureOf(error) === 'ours' ? 'unknown' : null;
    }
  }

  private ask(pids: readonly number[], file: MemoryFile): Memory[] {
    const patience_ms = this.patienceLeft();
    const begin_ms = performance.now();
    const question = patience_ms > 0 ? this.begin(pids, file) : null;
    if (question === null) return pids.map(() => 'unknown');
    const { reader, done } = question;
    const left_ms = Math.max(0, patience_ms - (performance.now() - begin_ms));
    if (Atomics.wait(reader.words, DONE, done, left_ms) !== 'timed-out') reader.asked_ms = null;
    this.waited_ms += performance.now() - begin_ms;
    return answersTo(question, pids);
  }

  private async askLater(pids: readonly number[], file: MemoryFile): Promise<Memory[]> {
    const question = this.begin(pids, file);
    if (question === null) return pids.map(() => 'unknown');
    const { reader, done } = question;
    reader.isHeld = true;
    // Such a promise keeps no process alive, and who starts may have nothing else yet.
    const alive = setTimeout(() => {}, 2 * WAIT_IN_TURNS_MS);
    const { waitAsync } = Atomics as unknown as AsyncAtomics;
    if ((await waitAsync(reader.words, DONE, done, WAIT_IN_TURNS_MS).value) !== 'timed-out')
      reader.asked_ms = null;
    clearTimeout(alive);
    reader.isHeld = false;
    return answersTo(question, pids);
  }

  /** Of the time that may be waited in this turn of the event loop. */
  private patienceLeft(): number {
    this.beginTurn();
    return WAIT_MS - this.waited_ms;
  }

  private beginTurn(): void {
    this.nextTurn ??= setImmediate(() => {
      this.nextTurn = null;
      this.waited_ms = 0;
      this.hasNewThread = false;
    });
  }

  /** Asks a thread; null: none may be risked for these, or has a turn. */
  private begin(pids: readonly number[], file: MemoryFile): Question | null {
    const taken = this.taken();
    const wanted = taken.length === 0 ? pids : pids.filter(pid => this.mayRead(pid, taken));
    const reader = wanted.length === 0 ? undefined : this.freeReader();
    if (reader === undefined) return null;
    const { words } = reader;
    words[FILE] = FILES.indexOf(file);
    words[COUNT] = wanted.length;
    words[PROGRESS] = 0;
    for (const [i, pid] of wanted.entries()) {
      words[PIDS + i] = pid;
      words[LENGTHS + i] = PENDING;
    }
    reader.pids = wanted;
    reader.asked_ms = performance.now();
    const done = words[DONE]!;
    Atomics.add(words, ASKED, 1);
    Atomics.notify(words, ASKED);
    return { reader, pids: wanted, file, done };
  }

  /** One that waits for a question; a new one where all hang. Undefined: none has a turn at the moment. */
  private freeReader(): Reader | undefined {
    for (const reader of this.readers) {
      if (reader.isHeld) continue;
      if (reader.asked_ms !== null && reader.words[DONE] === reader.words[ASKED]) reader.asked_ms = null;
      if (reader.asked_ms === null) return reader;
    }
    const slow = this.readers.filter(reader => this.hungAt(reader) === null).length;
    if (slow >= MAX_SLOW || this.readers.length >= MAX_THREADS || this.hasNewThread) return undefined;
    this.beginTurn();
    this.hasNewThread = true;
    return this.addReader();
  }

  /** The process that a thread hangs at; null: it does not. */
  private hungAt(reader: Reader): number | null {
    const { words, pids, asked_ms } = reader;
    if (!isTaken(reader) || asked_ms === null || performance.now() - asked_ms < HUNG_MS) return null;
    return pids[Atomics.load(words, PROGRESS)] ?? null;
  }

  /** Processes at which threads are, slow or hung. */
  private taken(): number[] {
    return this.readers
      .filter(isTaken)
      .map(({ pids, words }) => pids[Atomics.load(words, PROGRESS)])
      .filter(pid => pid !== undefined);
  }

  /** Whether a thread may be risked for it. */
  private mayRead(pid: number, taken: readonly number[]): boolean {
    if (taken.includes(pid)) return false;
    if (taken.length < MAX_EACH) return true;
    const owner = this.ownerOf(pid);
    if (owner === 0) return true;
    if (taken.length >= MAX_THREADS - FOR_ROOT) return false;
    // Those that are gone, or in another namespace, are one user.
    const own = taken.filter(other => this.ownerOf(other) === owner).length;
    return own === 0 || (own < MAX_EACH && taken.length < MAX_THREADS / 2);
  }

  private addReader(): Reader {
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    const worker = new Worker(new URL('./memory-thread.js', import.meta.url), {
      workerData: { shared, root: this.root },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    });
    const words = new Int32Array(shared, 0, WORDS_BYTES / 4);
    const reader: Reader = {
      worker,
      words,
      bytes: new Uint8Array(shared, WORDS_BYTES),
      pids: [],
      asked_ms: null,
      isHeld: false,
    };
    const forget = () => {
      const at = this.readers.indexOf(reader);
      if (at >= 0) this.readers.splice(at, 1);
    };
    worker.unref();
    worker.on('error', forget);
    worker.on('exit', forget);
    this.readers.push(reader);
    this.exitDespiteHung();
    return reader;
  }

  /** Node waits for its threads before it ends, and one that hangs never comes: then the kernel ends them all. */
  private exitDespiteHung(): void {
    if (this.exits) return;
    this.exits = true;
    process.once('exit', code => {
      if (this.readers.some(isTaken)) exitAtOnce(code);
    });
  }
}

const memories = new Map<string, ProcessMemory>();

/** That of all who read this /proc. */
export function memoryOf(root: string): ProcessMemory {
  let memory = memories.get(root);
  if (memory === undefined) {
    memory = new ProcessMemory(root);
    memories.set(root, memory);
  }
  return memory;
}

/** It has yet to answer. */
function isTaken({ asked_ms, words }: Reader): boolean {
  return asked_ms !== null && words[DONE] !== words[ASKED];
}

/** So many at a time as have room. */
function questions(pids: readonly number[], file: MemoryFile): (readonly number[])[] {
  const each = file === 'cmdline' ? MAX_PIDS : 1;
  return Array.from({ length: Math.ceil(pids.length / each) }, (_, i) =>
    pids.slice(i * each, (i + 1) * each),
  );
}

/** What a thread has answered by now, for each of these. */
function answersTo({ reader, pids: asked, file }: Question, pids: readonly number[]): Memory[] {
  const read = Atomics.load(reader.words, PROGRESS);
  const found = new Map(asked.map((pid, i) => [pid, i < read ? answer(reader, i, file) : 'unknown']));
  return pids.map(pid => found.get(pid) ?? 'unknown');
}

function answer({ words, bytes }: Reader, at: number, file: MemoryFile): Memory {
  const length = words[LENGTHS + at]!;
  if (length === NOTHING) return null;
  if (length === FAILED || length === PENDING) return 'unknown';
  const room = roomFor(file);
  if (length === room) countCut(file);
  return Buffer.from(bytes.subarray(at * room, at * room + Math.min(length, room - 1)));
}

function countCut(file: MemoryFile): void {
  cuts[file === 'cmdline' ? 'arguments' : 'environments']++;
}

function exitAtOnce(code: number): void {
  const c = libc();
  if (c === null) process.kill(process.pid, 'SIGKILL');
  else c._exit(code);
}
