import { execFile } from 'node:child_process';
import { Worker } from 'node:worker_threads';

/**
 * Programs that are started, asked one thing, and end. Whoever starts one stands still until the kernel has made the
 * process and it has executed its program: some 8 ms, and hundreds while processors are short or anybody moves processes
 * between control groups, which no fork gets past (cgroup_threadgroup_rwsem). So the daemon lets a thread do it.
 */

export interface ChildOptions {
  /** Milliseconds; then it is ended. */
  timeout: number;
  killSignal: 'SIGKILL' | 'SIGTERM';
  /** Characters of its output; with more it is ended. */
  maxBuffer: number;
  env: Record<string, string>;
  cwd: string;
}

export interface ChildResult {
  /** Null: it could not be started, or was ended by a signal. */
  code: number | null;
  /** What went wrong, in words; null: it ended with 0. */
  problem: string | null;
  stdout: string;
  stderr: string;
}

/** What the thread is asked. */
export interface ChildQuestion {
  id: number;
  program: string;
  args: readonly string[];
  options: ChildOptions;
}

/** The thread takes 8 MB: it ends when nobody has asked for so long. */
const IDLE_MS = 5_000;

export class ChildRunner {
  private isAside = false;
  private worker: Worker | null = null;
  private serial = 0;
  private readonly waiting = new Map<number, (result: ChildResult) => void>();
  private idle: NodeJS.Timeout | null = null;

  /** From here on a thread starts them. */
  aside(): void {
    this.isAside = true;
  }

  /** What still runs goes on, without anybody who waits for it. */
  async stop(): Promise<void> {
    this.isAside = false;
    this.stayNoLonger();
    if (this.waiting.size === 0) await this.endThread();
  }

  /** Runs a program by its absolute path, without a shell. Does not reject. */
  run(program: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
    const worker = this.isAside ? this.thread() : null;
    const question = { id: this.serial++, program, args, options };
    if (worker === null) return execute(question);
    return new Promise(resolve => {
      this.stayNoLonger();
      this.waiting.set(question.id, resolve);
      worker.postMessage(question);
    });
  }

  /** Null: none can be had. */
  private thread(): Worker | null {
    try {
      this.worker ??= this.startThread();
    } catch {
      this.worker = null;
    }
    return this.worker;
  }

  private startThread(): Worker {
    const worker = new Worker(new URL('./child-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    });
    worker.unref();
    worker.on('message', ({ id, result }: { id: number; result: ChildResult }) => this.take(id, result));
    worker.on('error', () => {}); // the exit follows
    worker.on('exit', () => this.lost(worker));
    return worker;
  }

  private take(id: number, result: ChildResult): void {
    this.waiting.get(id)?.(result);
    this.waiting.delete(id);
    if (this.waiting.size > 0) return;
    this.stayNoLonger();
    this.idle = setTimeout(() => void this.endThread(), IDLE_MS).unref();
  }

  private stayNoLonger(): void {
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = null;
  }

  private async endThread(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  /** Whether it had started what it was asked for nobody knows: it is not done twice. */
  private lost(worker: Worker): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const problem = 'the thread that starts programs ended';
    for (const done of this.waiting.values()) done({ code: null, problem, stdout: '', stderr: '' });
    this.waiting.clear();
  }
}

/** That of this process. */
export const children = new ChildRunner();

/** Runs a program by its absolute path, without a shell; its output is cut at `maxBuffer`. Does not reject. */
export function runChild(
  program: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<ChildResult> {
  return children.run(program, args, options);
}

/** Starts it on this thread. Does not reject. */
export function execute({ program, args, options }: ChildQuestion): Promise<ChildResult> {
  return new Promise(resolve => {
    const ended = (problem: string | null, code: number | null, stdout = '', stderr = '') =>
      resolve({ code, problem, stdout, stderr });
    try {
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        ended(error?.message ?? null, code, stdout, stderr);
      });
    } catch (error) {
      ended((error as Error).message, null);
    }
  });
}
