import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

type Params = Record<string, unknown>;
interface Message {
  id?: number | string;
  method?: string;
  params?: Params;
  result?: unknown;
  error?: { message: string };
}

/** JSON-RPC, a line a message, over a child's input and output: ACP, and Codex's app-server. */
export class Rpc {
  readonly #waiting = new Map<number | string, { resolve(value: unknown): void; reject(why: Error): void }>();
  readonly #child: ChildProcess;
  #serial = 0;
  /** Answers what the agent asks. */
  asked: (method: string, params: Params) => Promise<unknown> = () => Promise.resolve(null);
  told: (method: string, params: Params) => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout! }).on('line', line => this.#take(line));
    child.once('exit', code => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the agent ended with ${code}`));
    });
  }

  request<T>(method: string, params: Params): Promise<T> {
    const id = ++this.#serial;
    this.#send({ id, method, params });
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  notify(method: string, params: Params): void {
    this.#send({ method, params });
  }

  #send(message: Message): void {
    this.#child.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #take(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return; // Some print other things, too.
    }
    const { id, method, params = {} } = message;
    if (method === undefined) {
      const waiting = this.#waiting.get(id ?? -1);
      this.#waiting.delete(id ?? -1);
      if (message.error) waiting?.reject(new Error(message.error.message));
      else waiting?.resolve(message.result);
    } else if (id === undefined) this.told(method, params);
    else void this.asked(method, params).then(result => this.#send({ id, result }));
  }
}
