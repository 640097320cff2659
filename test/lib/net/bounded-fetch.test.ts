import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createRawServer, type Server as RawServer } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { boundedFetch, networkReason } from '../../../src/lib/net/bounded-fetch.js';

const MAX_BYTES = 1024 * 1024;
const servers: (Server | RawServer)[] = [];

async function listening<T extends Server | RawServer>(server: T): Promise<string> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
const serve = (listener: RequestListener) => listening(createServer(listener));

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
});

/** What reading it whole throws, and by how much the memory grew meanwhile at most. */
async function read(url: string, timeout_ms = 20_000): Promise<{ error: unknown; grown_bytes: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  try {
    const response = await boundedFetch(MAX_BYTES)(url, { signal: AbortSignal.timeout(timeout_ms) });
    await response.text();
    return { error: null, grown_bytes: most - before };
  } catch (error) {
    return { error, grown_bytes: most - before };
  } finally {
    clearInterval(watch);
  }
}

it('a bomb of gzip is counted as it comes out, and costs little', async () => {
  const gzip = createGzip({ level: 9 });
  const chunks: Buffer[] = [];
  gzip.on('data', chunk => chunks.push(chunk as Buffer));
  const zeros = Buffer.alloc(4 * MAX_BYTES);
  for (let i = 0; i < 50; i++) gzip.write(zeros);
  await new Promise<void>(resolve => gzip.end(resolve));
  const bomb = gzipSync(Buffer.concat(chunks));
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(bomb);
  });
  const { error, grown_bytes } = await read(url);
  expect(networkReason(error)).toMatch(/larger than 1048576 bytes/);
  expect(grown_bytes).toBeLessThan(100 * MAX_BYTES);
}, 30_000);

it('an endless body is left, and its connection closed', async () => {
  let sent = 0;
  let closed = false;
  const url = await serve((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    const more = () => {
      while (!closed && sent < 500 * MAX_BYTES) {
        sent += 65_536;
        if (!response.write(Buffer.alloc(65_536, 'x'))) break;
      }
    };
    response.on('drain', more);
    more();
  });
  const { error, grown_bytes } = await read(url);
  expect(networkReason(error)).toMatch(/larger than/);
  await expect.poll(() => closed, { timeout: 10_000 }).toBe(true);
  expect(sent).toBeLessThan(100 * MAX_BYTES);
  expect(grown_bytes).toBeLessThan(100 * MAX_BYTES);
}, 30_000);

it('headers without end, and an answer that only drips, end in time', async () => {
  const endless = await listening(
    createRawServer(socket => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(`X-A: ${'a'.repeat(8000)}\r\n`));
      };
      socket.on('drain', more);
      more();
    }),
  );
  const first = await read(endless);
  expect(first.error).not.toBeNull();
  expect(first.grown_bytes).toBeLessThan(100 * MAX_BYTES);
  const drips = await serve((_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(drip));
  });
  expect((await read(drips, 500)).error).not.toBeNull();
}, 30_000);

it('a redirect comes back as it is', async () => {
  const url = await serve((_, response) => {
    response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end();
  });
  expect((await boundedFetch(MAX_BYTES)(url)).status).toBe(307);
});
