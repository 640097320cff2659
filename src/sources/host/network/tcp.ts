import { readBytesAside } from '../../../lib/files/bounded-read.js';
import { tryReadText } from '../read.js';

/** include/net/tcp_states.h, from 1 on. */
const STATES = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
] as const;

/** A line is 150 bytes in one table, 180 in the other: with more sockets than this they are only counted. */
const MAX_SOCKETS = 10_000;
/** More may come while they are read. */
export const TABLE_BYTES = 2 * 1024 * 1024;

const COLON = 58;
const NEWLINE = 10;
const SPACE = 32;

/**
 * Calls back with state and inode of each line of /proc/PID/net/tcp or tcp6, see proc_pid_net(5). The inode of a
 * connection that no process holds any more is 0.
 *
 * ```
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 24817 1 …
 * ```
 */
export function eachTcpSocket(table: Buffer, found: (state: string, inode: number) => void): void {
  let start = table.indexOf(NEWLINE) + 1;
  while (start > 0 && start < table.length) {
    const newline = table.indexOf(NEWLINE, start);
    const end = newline < 0 ? table.length : newline;
    const fields = fieldStarts(table, start, end);
    const name = STATES[hex(table, fields[3]) - 1];
    if (name !== undefined && fields.length > 9) found(name, decimal(table, fields[9]!, end));
    start = end + 1;
  }
}

/** Where the first ten fields of a line begin. */
function fieldStarts(table: Buffer, start: number, end: number): number[] {
  const starts: number[] = [];
  for (let i = start; i < end && starts.length < 10; i++) {
    if (table[i] !== SPACE && (i === start || table[i - 1] === SPACE)) starts.push(i);
  }
  // The first is the line's number, which ends in a colon.
  return starts.length > 0 && table.indexOf(COLON, starts[0]) < end ? starts : [];
}

function hex(table: Buffer, at: number | undefined): number {
  return at === undefined ? 0 : Number.parseInt(table.toString('latin1', at, at + 2), 16);
}

function decimal(table: Buffer, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end && table[i]! >= 48 && table[i]! <= 57; i++) value = value * 10 + table[i]! - 48;
  return value;
}

/**
 * /proc/net/sockstat and sockstat6: `TCP: inuse 5 orphan 0 tw 12 alloc 9 mem 2`, `TCP6: inuse 4`. Sockets in
 * use, and those in TIME_WAIT of both families.
 */
export function parseSockstat(text: string): { in_use: number; time_wait: number } {
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return { in_use: sum(/^TCP6?: inuse (\d+)/gm), time_wait: sum(/^TCP: .*\btw (\d+)/gm) };
}

/**
 * TCP sockets by state, of the network namespace of the reader. On machines with very many of them only
 * `TIME_WAIT` and the rest, as `OTHER`, are told apart: the tables would take longer than they are worth.
 */
export async function countConnections(procRoot: string): Promise<Record<string, number>> {
  const net = `${procRoot}/net`;
  const { in_use, time_wait } = readSockstat(net);
  if (in_use + time_wait > MAX_SOCKETS) return { TIME_WAIT: time_wait, OTHER: in_use };
  const counts: Record<string, number> = {};
  for (const table of await readTcpTables(net)) {
    eachTcpSocket(table, state => {
      counts[state] = (counts[state] ?? 0) + 1;
    });
  }
  return counts;
}

/**
 * Both tables, as far as they can be read: there may be no IPv6. Not on the event loop: the kernel walks its whole
 * hash table for each, 3.5 ms on a machine of 24 GB, however few sockets there are.
 */
export async function readTcpTables(net: string): Promise<Buffer[]> {
  const tables: Buffer[] = [];
  for (const name of ['tcp', 'tcp6']) {
    const table = await readBytesAside(`${net}/${name}`, TABLE_BYTES).catch(() => null);
    if (table !== null) tables.push(table.bytes);
  }
  return tables;
}

/** Whether the tables of this folder are too long to be read. */
export function hasTooManySockets(net: string): boolean {
  const { in_use, time_wait } = readSockstat(net);
  return in_use + time_wait > MAX_SOCKETS;
}

function readSockstat(net: string) {
  return parseSockstat(`${tryReadText(`${net}/sockstat`) ?? ''}\n${tryReadText(`${net}/sockstat6`) ?? ''}`);
}
