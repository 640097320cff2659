import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { connectToDaemon } from '../../../src/api/client/index.js';
import { listPids } from '../../../src/sources/procfs/read.js';
import type { Entrance } from '../entrance.js';

const BLOCK = Buffer.alloc(65_536, 'a');
/** 1,000 times as long when it is unpacked. */
const PACKED = gzipSync(Buffer.alloc(64_000_000, 'a'));

/** One answer after the other: without end, a byte at a time, packed small, headers without end. */
const ANSWERS: ((response: ServerResponse) => void)[] = [
  response => {
    const more = (): void => {
      if (response.destroyed) return;
      sent += BLOCK.length;
      if (response.write(BLOCK)) setImmediate(more);
      else response.once('drain', more);
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
let requests = 0;
const ASKERS = 8;

/** Webhooks and a model whose answers are meant to hurt. */
export const httpAnswers: Entrance = {
  name: 'HTTP answers',
  async setup({ stage }) {
    return { config: await config(stage.dir) };
  },
  async prepare({ dir, stage }) {
    stage.agent();
    return async () => {
      const client = await connectToDaemon({ runtimeDir: join(dir, 'run') });
      const pids = listPids('/proc');
      let asked = 0;
      let ended = false;
      const ask = async () => {
        while (!ended) {
          const pid = pids[asked++ % pids.length]!; // what was explained is not asked again
          await client.call('explain_process', { pid }).catch(() => sleep(50));
        }
      };
      const going = Promise.all(Array.from({ length: ASKERS }, ask));
      return {
        async end() {
          ended = true;
          await Promise.race([going, sleep(3_000)]);
          client.close();
          return `${asked} questions, ${requests} requests, ${sent >> 10} kB of answers`;
        },
      };
    };
  },
};

/** An alert that opens at once, and both of those whom it is told to. */
async function config(dir: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.on('error', () => {});
    ANSWERS[requests++ % ANSWERS.length]!(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = join(dir, 'hook.url');
  writeFileSync(address, `${url}/hook`, { mode: 0o600 });
  return `
[thresholds]
ram_warn_percent = 0
[detection.ram]
duration_s = 0
[ai]
enabled = true
provider = "openai"
model = "scripted"
base_url = "${url}/v1"
cooldown_s = 0
min_severity = "info"
[[webhooks]]
type = "json"
url_file = "${address}"
min_severity = "info"
`;
}
