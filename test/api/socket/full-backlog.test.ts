import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { connectUnix } from '../../../src/lib/net/unix-socket.js';

/** Listens with room for one. */
const LISTEN = `
  const server = require('node:net').createServer(() => {});
  server.listen({ path: process.argv[1], backlog: 1 }, () => process.stdout.write('ready'));
`;

let dir: string;
let child: ChildProcess;
const sockets: Socket[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-backlog-'));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

it('a client that finds no room to wait in tries again', async () => {
  const path = join(dir, 'deaf.sock');
  child = spawn(process.execPath, ['-e', LISTEN, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise(resolve => child.stdout!.once('data', resolve));
  child.kill('SIGSTOP');
  const errors: string[] = [];
  while (!errors.includes('EAGAIN')) {
    const socket = createConnection({ path });
    sockets.push(socket);
    await new Promise<void>(resolve => {
      socket.once('connect', resolve);
      socket.once('error', error => {
        errors.push((error as NodeJS.ErrnoException).code!);
        resolve();
      });
    });
  }
  const late = connectUnix(path, 20_000);
  setTimeout(() => child.kill('SIGCONT'), 50);
  sockets.push(await late);
});
