import { readlinkSync } from 'node:fs';
import { listNames, readBytes } from '../../lib/files/bounded-read.js';
import { socketInode } from '../../lib/proc/descriptors.js';
import { eachTcpSocket, hasTooManySockets, TABLE_BYTES } from '../../sources/host/network/tcp.js';

const MAX_FDS = 10_000;

/** Which processes listen for TCP connections, as of one moment: the tables of a network are read once. */
export class Listeners {
  /** Inodes of listening sockets by network namespace; null: too many sockets to look through. */
  private readonly inodes = new Map<string, ReadonlySet<number> | null>();

  constructor(private readonly root: string) {}

  /** Null: it may not be looked at, or it cannot be told. */
  listens(pid: number): boolean | null {
    const folder = `${this.root}/${pid}`;
    try {
      const fds = listNames(`${folder}/fd`, MAX_FDS + 1);
      if (fds.length > MAX_FDS) return null;
      const sockets = fds.map(fd => socketInode(`${folder}/fd/${fd}`)).filter(inode => inode !== null);
      if (sockets.length === 0) return false;
      const listening = this.of(readlinkSync(`${folder}/ns/net`), `${folder}/net`);
      return listening === null ? null : sockets.some(inode => listening.has(inode));
    } catch {
      return null;
    }
  }

  private of(namespace: string, net: string): ReadonlySet<number> | null {
    let inodes = this.inodes.get(namespace);
    if (inodes === undefined) {
      inodes = hasTooManySockets(net) ? null : listeningInodes(net);
      this.inodes.set(namespace, inodes);
    }
    return inodes;
  }
}

function listeningInodes(net: string): Set<number> {
  const inodes = new Set<number>();
  for (const name of ['tcp', 'tcp6']) {
    eachTcpSocket(readTable(`${net}/${name}`), (state, inode) => {
      if (state === 'LISTEN') inodes.add(inode);
    });
  }
  return inodes;
}

/** Without IPv6 there is no tcp6. */
function readTable(path: string): Buffer {
  try {
    return readBytes(path, TABLE_BYTES).bytes;
  } catch {
    return Buffer.alloc(0);
  }
}
