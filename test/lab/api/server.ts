import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nowMs, sleep } from '../clock.js';
import { anthropicEvents, isAnthropicMain } from './anthropic.js';
import { geminiEvents, geminiTools, plainGemini } from './gemini.js';
import { isOpenAiMain, openAiEvents } from './openai.js';
import { chatEvents, plainCompletion } from './openai-chat.js';
import type { ApiLogEntry, Step } from './script.js';

/** One server-sent event, or a pause before the next one. */
export type SseItem = { event: string; data: Record<string, unknown> } | { pause_ms: number };

type Body = Record<string, unknown>;

/** A protocol that agents speak with their model. */
interface Dialect {
  path: RegExp;
  /** The conversation is the one that carries tools; titles and quota checks carry none. */
  isMain(body: Body): boolean;
  isStream(body: Body, path: string): boolean;
  events(step: Step, body: Body): Iterable<SseItem>;
  plain(body: Body): Body;
  error(status: number, type: string, message: string): Body;
  /** What closes the stream. */
  end: string;
}

const asOthers: Dialect['error'] = (_, type, message) => ({
  type: 'error',
  error: { type, code: type, message },
});

const DIALECTS: readonly Dialect[] = [
  {
    path: /\/messages$/,
    isMain: isAnthropicMain,
    isStream: body => body.stream === true,
    events: anthropicEvents,
    plain: plainMessage,
    error: asOthers,
    end: '',
  },
  {
    path: /\/responses$/,
    isMain: isOpenAiMain,
    isStream: () => true,
    events: openAiEvents,
    plain: plainMessage,
    error: asOthers,
    end: '',
  },
  {
    path: /\/chat\/completions$/,
    isMain: isOpenAiMain,
    isStream: body => body.stream === true,
    events: chatEvents,
    plain: plainCompletion,
    error: asOthers,
    end: 'data: [DONE]\n\n',
  },
  {
    path: /:(stream)?generateContent$/i,
    isMain: body => geminiTools(body).length > 0,
    isStream: (_, path) => path.includes(':stream'),
    events: geminiEvents,
    plain: plainGemini,
    error: (code, type, message) => ({ error: { code, status: type.toUpperCase(), message } }),
    end: '',
  },
];

/** A model API on 127.0.0.1 that follows a script. One server serves one agent. */
export class ScriptedApi {
  readonly log: ApiLogEntry[] = [];
  readonly bodies: Body[] = [];
  #server: Server | undefined;
  #steps: Step[];
  #next = 0;

  constructor(steps: Step[]) {
    this.#steps = steps;
  }

  async start(): Promise<void> {
    this.#server = createServer((req, res) => {
      this.#handle(req, res).catch(() => res.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      this.#server!.once('error', reject);
      this.#server!.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`;
  }

  /** Adds steps while the agent runs. */
  push(...steps: Step[]): void {
    this.#steps.push(...steps);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }

  /** The latest log entry that fits. */
  last(event: ApiLogEntry['event'], did?: string): ApiLogEntry | undefined {
    return this.log.findLast(e => e.call === 'main' && e.event === event && (!did || e.did === did));
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const time_ms = nowMs();
    const path = (req.url ?? '/').split('?')[0]!;
    const body = parse(await readAll(req));
    const dialect = DIALECTS.find(one => one.path.test(path));
    if (req.method !== 'POST' || !dialect) {
      this.log.push({ time_ms, event: 'request', call: 'side', path, step: null, status: 404, did: 'none' });
      res.writeHead(404, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ type: 'error', error: { type: 'not_found_error', message: 'not found' } }));
      return;
    }
    const main = dialect.isMain(body);
    const index = main && this.#next < this.#steps.length ? this.#next++ : null;
    const step: Step = index === null ? { do: 'text', text: main ? 'Done.' : 'Lab' } : this.#steps[index]!;
    if (main) this.bodies.push(body);
    const entry = (event: ApiLogEntry['event'], status: number): void => {
      this.log.push({
        time_ms: event === 'request' ? time_ms : nowMs(),
        event,
        call: main ? 'main' : 'side',
        path,
        step: index,
        status,
        did: step.do,
      });
    };
    entry('request', 0);
    let aborted = false;
    res.on('close', () => {
      if (!res.writableFinished) {
        aborted = true;
        entry('aborted', 0);
      }
    });
    if (step.delay_ms) await sleep(step.delay_ms);
    if (aborted) return;
    if (step.do === 'error') {
      res.writeHead(step.status, { 'content-type': 'application/json' });
      res.end(JSON.stringify(dialect.error(step.status, step.type, step.message)));
      entry('sent', step.status);
      return;
    }
    if (!dialect.isStream(body, path)) {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(dialect.plain(body)));
      entry('sent', 200);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    entry('first_byte', 200);
    for (const item of dialect.events(step, body)) {
      if ('pause_ms' in item) await sleep(item.pause_ms);
      else {
        const event = item.event === '' ? '' : `event: ${item.event}\n`;
        res.write(`${event}data: ${JSON.stringify(item.data)}\n\n`);
      }
      if (aborted) return;
    }
    res.end(dialect.end);
    entry('sent', 200);
  }
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}

function plainMessage(body: Body): Body {
  return {
    id: 'msg_side',
    type: 'message',
    role: 'assistant',
    model: body.model ?? 'lab',
    content: [{ type: 'text', text: 'Lab' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 2 },
  };
}
