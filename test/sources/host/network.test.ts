import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { NetworkCollector, parseNetDev } from '../../../src/sources/host/network/network.js';
import { socketsOf } from '../../../src/sources/host/network/sockets.js';
import { countConnections, eachTcpSocket, parseSockstat } from '../../../src/sources/host/network/tcp.js';
import { ask, fixture, tree } from './tree.js';

const tables = {
  'proc/net/tcp': fixture('net/tcp-6.18'),
  'proc/net/tcp6': fixture('net/tcp6-6.18'),
  'proc/net/sockstat': fixture('net/sockstat'),
  'proc/net/sockstat6': fixture('net/sockstat6'),
};

describe('interfaces', () => {
  it('are read with and without a space after the colon', () => {
    const interfaces = parseNetDev(fixture('net/dev-laptop-6.12'));
    expect([...interfaces.keys()]).toEqual(['lo', 'wlp0s20f3', 'docker0']);
    expect(interfaces.get('wlp0s20f3')).toEqual({
      received_bytes: 18_446_744_073_709_000_000,
      sent_bytes: 7_530_663,
      errors: 13,
    });
    expect(parseNetDev('').size).toBe(0);
  });

  it('have rates from the second round on; the loopback is no network', () => {
    const line = (received: number, sent: number) =>
      `  eth0: ${received} 0 0 0 0 0 0 0 ${sent} 0 0 0 0 0 0 0\n    lo: 5 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0\n`;
    const roots = tree({ 'proc/net/dev': line(0, 100) });
    const collector = new NetworkCollector();
    const unknown = { received_bytes_per_s: null, sent_bytes_per_s: null, errors_per_s: null };
    expect(ask(collector, roots, 0).network?.interfaces).toEqual([{ name: 'eth0', ...unknown }]);
    roots.write({ 'proc/net/dev': line(20_000, 50) });
    expect(ask(collector, roots, 10_000).network?.interfaces).toEqual([
      { name: 'eth0', received_bytes_per_s: 2_000, sent_bytes_per_s: null, errors_per_s: 0 },
    ]);
  });
});

describe('connections', () => {
  it('are counted by state over both families', async () => {
    expect(await countConnections(tree(tables).proc)).toEqual({
      LISTEN: 3,
      ESTABLISHED: 2,
      TIME_WAIT: 1,
      CLOSE_WAIT: 1,
    });
  });

  it('have the inode of their socket, 0 when nobody holds it', () => {
    const found: string[] = [];
    eachTcpSocket(Buffer.from(tables['proc/net/tcp']), (state, inode) => found.push(`${state} ${inode}`));
    expect(found).toEqual([
      'LISTEN 1591',
      'LISTEN 24817',
      'ESTABLISHED 31337',
      'TIME_WAIT 0',
      'CLOSE_WAIT 31339',
    ]);
  });

  it.each(['', '  sl  local_address\n', 'garbage\ngarbage\n\n 0: a b FF c d e f g h\n'])(
    'are none in %j',
    text => {
      eachTcpSocket(Buffer.from(text), () => expect.unreachable());
    },
  );

  it('are not read one by one when there are tens of thousands', async () => {
    const roots = tree({
      ...tables,
      'proc/net/sockstat': 'TCP: inuse 9000 orphan 0 tw 3000 alloc 9 mem 2\n',
    });
    expect(await countConnections(roots.proc)).toEqual({ TIME_WAIT: 3000, OTHER: 9002 });
    expect(parseSockstat('')).toEqual({ in_use: 0, time_wait: 0 });
  });

  it('are in the sample after they were counted', async () => {
    const collector = new NetworkCollector();
    const roots = tree({ ...tables, 'proc/net/dev': '' });
    await vi.waitFor(() => {
      expect(ask(collector, roots, 0).network?.connections).toMatchObject({ LISTEN: 3 });
    });
  });
});

describe('sockets of processes', () => {
  const of = (pid: number, ...links: string[]) =>
    Object.fromEntries(links.map((to, fd) => [`proc/${pid}/fd/${fd}`, { to }]));
  const process = (pid: number, ...links: string[]) => ({
    ...of(pid, ...links),
    [`proc/${pid}/ns/net`]: { to: 'net:[1]' },
    ...Object.fromEntries(
      Object.entries(tables).map(([path, text]) => [path.replace('/', `/${pid}/`), text]),
    ),
  });

  it('count once however many processes hold them; other sockets and files do not count', async () => {
    const roots = tree({
      ...process(10, '/dev/null', 'socket:[31337]', 'socket:[999]', 'pipe:[31339]'),
      ...process(11, 'socket:[31337]', 'socket:[40001]', 'socket:[24817]'),
    });
    expect(await socketsOf(roots.proc, [10, 11, 12])).toEqual({ ESTABLISHED: 2, LISTEN: 1 });
  });

  it('are unknown where no descriptors can be read', async () => {
    expect(await socketsOf(tree().proc, [10])).toBeNull();
  });

  it('read the tables of a namespace once in a round', async () => {
    const roots = tree({ ...process(10, 'socket:[31337]'), ...process(11, 'socket:[40001]') });
    roots.remove('proc/11/net');
    const round = new Map();
    expect(await socketsOf(roots.proc, [10], round)).toEqual({ ESTABLISHED: 1 });
    expect(await socketsOf(roots.proc, [11], round)).toEqual({ ESTABLISHED: 1 });
    expect(round.size).toBe(1);
  });

  it('are what this very process has', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
    const client = connect(port, '127.0.0.1');
    const other = await accepted;
    try {
      const counts = await socketsOf('/proc', [globalThis.process.pid]);
      expect(counts).toMatchObject({ LISTEN: 1, ESTABLISHED: 2 });
    } finally {
      client.destroy();
      other.destroy();
      server.close();
    }
  });
});
