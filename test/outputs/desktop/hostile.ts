import { chownSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { sleep, until } from './desktop.js';
import type { HelperRig } from './helper-rig.js';
import type { User } from './user.js';

/** A socket of the user's where nobody behaves. */
export class HostileSocket {
  connections = 0;
  private readonly open = new Set<Socket>();
  private constructor(private readonly server: Server) {}

  static async listen(user: User, path: string, meet: (socket: Socket) => void): Promise<HostileSocket> {
    rmSync(path, { force: true });
    const server = createServer(socket => {
      hostile.connections++;
      hostile.open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => hostile.open.delete(socket));
      meet(socket);
    });
    const hostile = new HostileSocket(server);
    await new Promise<void>(resolve => {
      server.listen(path, resolve);
    });
    chownSync(path, user.uid, user.gid);
    return hostile;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise(resolve => this.server.close(resolve));
  }
}

/** Writes it again and again, as fast as the other side takes it. */
export function pour(socket: Socket, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

export const rssOf = (pid: number) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;

/** What a person and the daemon would notice: it lives, answers, and does not grow. Looks for a while. */
export async function staysWell(rig: HelperRig, while_ms: number, max_growth_bytes: number): Promise<void> {
  const before = rssOf(rig.child.pid!);
  const end = performance.now() + while_ms;
  let worst = 0;
  while (performance.now() < end) {
    const pongs = rig.said.filter(({ type }) => type === 'pong').length;
    rig.send({ type: 'ping' });
    await until('an answer', () => {
      if (!rig.alive) throw new Error(`it ended: ${rig.stderr}`);
      return rig.said.filter(({ type }) => type === 'pong').length > pongs;
    });
    worst = Math.max(worst, rssOf(rig.child.pid!) - before);
    await sleep(50);
  }
  if (worst > max_growth_bytes) throw new Error(`it grew by ${Math.round(worst / 1e6)} MB`);
}

/** A signal as the bus would send it; `body` is already in the wire's form. */
export function busSignal(signature: string, body: Buffer, declared = body.length): Buffer {
  const field = (code: number, type: string, value: string) => {
    const text =
      type === 'g'
        ? Buffer.from([value.length, ...Buffer.from(value), 0])
        : Buffer.concat([u32(value.length), Buffer.from(`${value}\0`)]);
    return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), text]);
  };
  const parts = [
    field(1, 'o', '/x'),
    field(2, 's', 'x.y'),
    field(3, 's', 'Z'),
    field(7, 's', 'org.freedesktop.DBus'),
    field(8, 'g', signature),
  ];
  let fields = Buffer.alloc(0);
  for (const part of parts) fields = Buffer.concat([pad(fields, 8), part]);
  const header = Buffer.concat([Buffer.from([0x6c, 4, 1, 1]), u32(declared), u32(7), u32(fields.length)]);
  return Buffer.concat([pad(Buffer.concat([header, fields]), 8), body]);
}

/** Answers as a bus does until it is spoken to in messages: then does its worst. */
export function afterGreeting(worst: (socket: Socket) => void): (socket: Socket) => void {
  return socket => {
    let heard = '';
    let begun = false;
    socket.on('data', chunk => {
      if (begun) return;
      heard += chunk.toString('latin1');
      if (heard.includes('BEGIN\r\n')) {
        begun = true;
        worst(socket);
      } else if (heard.includes('AUTH') && heard.endsWith('\r\n'))
        socket.write('OK 1234deadbeef1234deadbeef1234dead\r\n');
    });
  };
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function pad(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((size - (bytes.length % size)) % size)]);
}
