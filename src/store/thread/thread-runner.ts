import { Worker } from 'node:worker_threads';
import type { EngineOptions, Opened } from '../engine/engine.js';
import { EngineError } from '../engine/error.js';
import type { Operation } from '../operation.js';
import type { QueryArguments, QueryName, QueryResult } from '../queries/index.js';
import type { Runner } from '../runner.js';
import type { Method, Reply, Request } from './protocol.js';

/** How long a disk may take to end; afterwards the log of the database keeps what it has. */
const CLOSE_MS = 3_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: EngineError) => void;
}

/**
 * The engine in a thread of its own: a disk that hangs, which is when a guardian is needed, stops the writing
 * of history and nothing else.
 */
export class ThreadRunner implements Runner {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(private readonly options: EngineOptions) {}

  open(): Promise<Opened> {
    if (this.worker === null) this.start();
    return this.call('open') as Promise<Opened>;
  }

  async apply(operations: readonly Operation[], durably: boolean): Promise<void> {
    await this.call('apply', operations, durably);
  }

  maintain(time_ms: number, retention_ms: number | null): Promise<{ more: boolean; bytes: number }> {
    return this.call('maintain', time_ms, retention_ms) as Promise<{ more: boolean; bytes: number }>;
  }

  query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N>> {
    return this.call('query', name, args) as Promise<QueryResult<N>>;
  }

  moveAside(time_ms: number): Promise<string> {
    return this.call('moveAside', time_ms) as Promise<string>;
  }

  async close(): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.call('close').catch(() => {}), late]);
    clearTimeout(timer);
    this.ended(worker, 'it was closed');
    await Promise.race([worker.terminate(), new Promise(resolve => setTimeout(resolve, 100))]);
  }

  private start(): void {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: this.options,
      resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 3 },
    });
    worker.unref();
    worker.on('message', (reply: Reply) => this.replied(reply));
    worker.on('error', error => this.ended(worker, (error as Error).message));
    worker.on('exit', code => this.ended(worker, `code ${code}`));
    this.worker = worker;
  }

  private call(method: Method, ...args: unknown[]): Promise<unknown> {
    const { worker } = this;
    if (worker === null) return Promise.reject(new EngineError('unavailable', 'the history is not open'));
    return new Promise((resolve, reject) => {
      const request: Request = { id: ++this.lastId, method, args };
      this.waiting.set(request.id, { resolve, reject });
      worker.ref();
      worker.postMessage(request);
    });
  }

  private replied(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.worker?.unref();
    if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(new EngineError(reply.trouble, reply.message));
  }

  private ended(worker: Worker, why: string): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const error = new EngineError('crashed', `the thread that writes the history ended: ${why}`);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
