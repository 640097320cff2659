import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { vigil } from './io.js';

/** Somebody else's program behind the socket, or a daemon of another version. */

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let server: Server;
const sockets = new Set<Socket>();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-rogue-'));
  mkdirSync(dir, { recursive: true });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise(done => server.close(done));
  rmSync(dir, { recursive: true });
});

async function rogue(answer: (id: unknown, socket: Socket) => void): Promise<void> {
  server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', chunk => {
      for (const line of String(chunk).split('\n').filter(Boolean)) answer(JSON.parse(line).id, socket);
    });
  });
  await new Promise<void>(done => server.listen(join(dir, 'vigil.sock'), done));
}

const COMMANDS = [
  'actions',
  'alerts',
  'alerts --all',
  'report',
  'events',
  'agents',
  'status',
  'health',
  'whitelist list',
  'explain A1',
  'why 1',
  'kill 7 --yes',
  'pause',
];

describe('answers that are not vigil’s', () => {
  it.each(COMMANDS)('vigil %s says so in a line', async line => {
    const answers = ['5', 'null', '{}', '[null]', '[{}]', '[{"time_ms":1e300,"targets":[]}]', '"text"'];
    let data = '';
    await rogue((id, socket) => void socket.write(`{"type":"response","id":${id},"data":${data}}\n`));
    for (data of answers) {
      const { code, err, out } = await vigil([...line.split(' '), '--runtime-dir', dir]);
      // What happens to make sense is shown.
      if (code === 2) expect(err).toMatch(/^vigil: [^\n]+\n(vigil: see vigil [^\n]+\n)?$/);
      expect(`${out}${err}`).not.toMatch(
        /Cannot read prop|is not a function|is not iterable|Invalid|undefined \(/,
      );
    }
  });

  it.each([
    'null\n',
    '5\n',
    '{"type":"error","id":1}\n',
    '{"type":"event"}\n{"type":"event","data":null}\n',
    '\u0000\n',
  ])('nor is %j', async text => {
    await rogue((_, socket) => void socket.write(text));
    const { code, err } = await vigil(['events', '--follow', '--runtime-dir', dir]);
    expect([code, err]).toEqual([2, expect.stringMatching(/not as this vigil does|did not answer/)]);
  });

  it('an answer without an end is not waited for until memory is full', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    await rogue((_, socket) => {
      const more = () => {
        while (!socket.destroyed && sent < 1e9 && socket.write(piece)) sent += piece.length;
        if (!socket.destroyed && sent < 1e9) socket.once('drain', more);
      };
      more();
    });
    const { code, err } = await vigil(['report', '--runtime-dir', dir]);
    expect([code, err]).toEqual([2, expect.stringContaining('an answer has more than')]);
    expect(sent).toBeLessThan(200e6);
  });

  it('events that come for ever before the answer are not kept', async () => {
    const events = Buffer.from('{"type":"event","data":{}}\n'.repeat(2_000));
    await rogue((_, socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(events));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    const { code } = await vigil(['events', '--follow', '--runtime-dir', dir]);
    expect(code).toBe(2);
  });
});
