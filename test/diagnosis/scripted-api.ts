import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A model's API on this machine that does as it is told: it speaks Anthropic's Messages and OpenAI's chat
 * completions, answers well, badly, late or never, and keeps every request.
 */

export type Behaviour =
  /** The answer as an object, or the very text of it. */
  | { kind: 'answer'; answer: unknown; usage?: unknown; stop?: string; after_ms?: number }
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Takes the request and says nothing. */
  | { kind: 'never' }
  /** Ends the connection instead of answering. */
  | { kind: 'reset' }
  /** Begins an answer and then only drips. */
  | { kind: 'drip' }
  /** 200, and this body, whatever it is. */
  | { kind: 'raw'; body: string; type?: string }
  | { kind: 'huge'; bytes: number };

export interface Recorded {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export const GOOD = {
  diagnostic: 'Twelve MCP servers of a session that is over still run.',
  severity: 'high',
  actions: [
    {
      type: 'kill_process',
      target: '4711, 4712',
      command: 'kill 4711 4712',
      risk: 'safe',
      explanation: 'Nobody uses them.',
    },
  ],
  prevention: 'Close sessions with /exit.',
};

export class ScriptedApi {
  readonly requests: Recorded[] = [];
  /** Done one by one; the last one again and again. */
  script: Behaviour[] = [{ kind: 'answer', answer: GOOD }];
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));
  private readonly timers = new Set<NodeJS.Timeout>();

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  /** Everything that was ever sent here, headers too. */
  get transcript(): string {
    return this.requests
      .map(({ path, headers, body }) => `${path}\n${JSON.stringify(headers)}\n${body}`)
      .join('\n');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    this.requests.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    const behaviour = this.script.length > 1 ? this.script.shift()! : this.script[0]!;
    this.behave(behaviour, path, response);
  }

  private behave(behaviour: Behaviour, path: string, response: ServerResponse): void {
    switch (behaviour.kind) {
      case 'answer': {
        const { answer, after_ms = 0 } = behaviour;
        const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
        const body = path.endsWith('/messages') ? message(text, behaviour) : completion(text, behaviour);
        this.later(after_ms, () => json(response, 200, JSON.stringify(body)));
        return;
      }
      case 'status':
        json(response, behaviour.status, behaviour.body ?? '{"error":{"message":"no"}}', behaviour.headers);
        return;
      case 'never':
        return;
      case 'reset':
        response.destroy();
        return;
      case 'drip':
        response.writeHead(200, { 'content-type': 'application/json' });
        this.drip(response);
        return;
      case 'raw':
        response.writeHead(200, { 'content-type': behaviour.type ?? 'application/json' }).end(behaviour.body);
        return;
      case 'huge':
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"a":"${'x'.repeat(behaviour.bytes)}"}`);
    }
  }

  private drip(response: ServerResponse): void {
    response.write(' ');
    this.later(20, () => this.drip(response));
  }

  private later(ms: number, act: () => void): void {
    if (ms === 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

/** https://docs.anthropic.com/en/api/messages */
function message(text: string, { usage, stop }: { usage?: unknown; stop?: string }): unknown {
  return {
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-5-5',
    content: [{ type: 'text', text }],
    stop_reason: stop ?? 'end_turn',
    stop_sequence: null,
    usage: usage ?? { input_tokens: 1200, output_tokens: 150 },
  };
}

/** https://platform.openai.com/docs/api-reference/chat */
function completion(text: string, { usage, stop }: { usage?: unknown; stop?: string }): unknown {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: stop ?? 'stop' }],
    usage: usage ?? { prompt_tokens: 1200, completion_tokens: 150, total_tokens: 1350 },
  };
}
