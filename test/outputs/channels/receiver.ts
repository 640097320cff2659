import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export type Answer =
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'never'
  | 'reset'
  /** 200, and a body without an end. */
  | 'endless';

/** A chat room or a phone on this machine: answers as it is told and keeps what it got. */
export class Receiver {
  readonly received: Received[] = [];
  /** Given one by one; the last one again and again. */
  answers: Answer[] = [{ status: 200, body: 'ok' }];
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    this.received.push({ path: request.url ?? '', headers: request.headers, body });
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    if (answer === 'never') return;
    if (answer === 'reset') response.destroy();
    else if (answer === 'endless') response.writeHead(200).write('x'.repeat(1000));
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
