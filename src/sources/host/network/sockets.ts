import { readlinkSync } from 'node:fs';
import { socketInode } from '../../../lib/proc/descriptors.js';
import { tryList } from '../read.js';
import { eachTcpSocket, hasTooManySockets, readTcpTables } from './tcp.js';

/** State by inode, of one network namespace. Null: too many to look at. */
export type SocketTable = ReadonlyMap<number, string> | null;

const MAX_PIDS = 500;
/** File descriptors looked at in one call, over all processes. */
const MAX_FDS = 10_000;
/** Each has tables of its own, and a user may give each process one: the kernel takes 7 ms for it. */
const MAX_NAMESPACES = 8;

/**
 * TCP sockets of some processes by state, e.g. `{ESTABLISHED: 4}`; one that several of them hold counts once.
 * Null where they could not be told: descriptors of others that may not be read, or far too many sockets.
 *
 * `tables` keeps what was read of each network namespace: give the same map for all calls of one round and a new
 * one for the next. Costs 3 µs for each descriptor and, for each namespace, one reading of its tables, which takes
 * milliseconds of a thread: half a minute between two rounds is a good distance.
 */
export async function socketsOf(
  root: string,
  pids: Iterable<number>,
  tables: Map<string, Promise<SocketTable>> = new Map(),
): Promise<Record<string, number> | null> {
  const counts: Record<string, number> = {};
  const seen = new Set<number>();
  let left = MAX_FDS;
  let readable = false;
  let asked = 0;
  for (const pid of pids) {
    if (++asked > MAX_PIDS) break;
    const fds = tryList(`${root}/${pid}/fd`, MAX_FDS + 1);
    if (fds.length > 0) readable = true;
    const inodes: number[] = [];
    for (const fd of fds) {
      if (left-- <= 0) return null;
      const inode = socketInode(`${root}/${pid}/fd/${fd}`);
      if (inode !== null && !seen.has(inode)) inodes.push(inode);
    }
    if (inodes.length === 0) continue;
    const table = await tableOf(root, pid, tables);
    if (table === null) return null;
    for (const inode of inodes) {
      const state = table.get(inode);
      seen.add(inode);
      if (state !== undefined) counts[state] = (counts[state] ?? 0) + 1;
    }
  }
  return readable ? counts : null;
}

function tableOf(root: string, pid: number, tables: Map<string, Promise<SocketTable>>): Promise<SocketTable> {
  const namespace = networkNamespace(root, pid);
  const known = tables.get(namespace);
  if (known !== undefined) return known;
  if (tables.size >= MAX_NAMESPACES) return Promise.resolve(null);
  const table = readSocketTable(`${root}/${pid}/net`);
  tables.set(namespace, table);
  return table;
}

function networkNamespace(root: string, pid: number): string {
  try {
    return readlinkSync(`${root}/${pid}/ns/net`);
  } catch {
    return 'unknown';
  }
}

async function readSocketTable(net: string): Promise<SocketTable> {
  if (hasTooManySockets(net)) return null;
  const states = new Map<number, string>();
  for (const table of await readTcpTables(net)) {
    eachTcpSocket(table, (state, inode) => {
      if (inode !== 0) states.set(inode, state);
    });
  }
  return states;
}
