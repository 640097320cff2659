import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { connectToDaemon } from '../../../src/api/client.js';
import type { Entrance } from '../entrance.js';

const BLOCK = Buffer.alloc(65_536, 'a');
/** 1,000 times as long when it is unpacked. */
const PACKED = gzipSync(Buffer.alloc(64_000_000, 'a'));

/** One answer after the other: without end, a byte at a time, packed small, headers without end. */
const ANSWERS: ((response: ServerResponse) => void)[] = [
  response => {
    const more = (): void => {
      while (!response.destroyed && response.write(BLOCK)) sent += BLOCK.length;
      if (!response.destroyed) response.once('drain', more);
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    more();
  },
  response => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => (response.destroyed ? clearInterval(timer) : response.write('a')), 50);
  },
  response => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    sent += PACKED.length;
    response.end(PACKED);
  },
  response => response.writeHead(307, { location: '/again' }).end(),
];
let sent = 0;

/** Webhooks and a model whose answers are meant to hurt. */
export const httpAnswers: Entrance = {
  name: 'HTTP answers',
  async setup() {
    return { config: await config() };
  },
  async prepare({ dir, stage }) {
    stage.agent();
    return async () => {
      const client = await connectToDaemon({ runtimeDir: join(dir, 'run') });
      let asked = 0;
      let ended = false;
      const going = (async () => {
        while (!ended) {
          const [alert] = await client.alerts().catch(() => []);
          asked++;
          if (alert === undefined) await new Promise(resolve => setTimeout(resolve, 200));
          else await client.request('explain_alert', { id: alert.id }).catch(() => {});
        }
      })();
      return {
        async end() {
          ended = true;
          await Promise.race([going, new Promise(resolve => setTimeout(resolve, 3_000))]);
          client.close();
          return `${asked} questions, ${sent >> 20} MB of answers`;
        },
      };
    };
  },
};

async function config(): Promise<string> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.on('error', () => {});
    ANSWERS[requests++ % ANSWERS.length]!(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return `
[thresholds]
ram_warn_percent = 0
[rules.ram]
duration_s = 0
[ai]
enabled = true
provider = "openai"
base_url = "${url}/v1"
[[webhooks]]
type = "generic"
url = "${url}/hook"
`;
}
