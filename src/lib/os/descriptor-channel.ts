import { closeSync } from 'node:fs';
import { libc } from './libc.js';

/** A pair of connected sockets: `ours` is kept, `theirs` is handed to a child that is started. */
export interface DescriptorPair {
  ours: number;
  theirs: number;
}

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** `struct cmsghdr` (length, level, type) and one descriptor, padded: cmsg(3). */
const HEADER_BYTES = 16;
const CONTROL_BYTES = 24;
const MAX_WORD_BYTES = 64;
/** So many at once; the kernel queues no more than some hundreds. */
const MAX_RECEIVED = 1_000;

/** Null where the C library cannot be called, or descriptors ran out. */
export function descriptorPair(): DescriptorPair | null {
  const pair = new Int32Array(2);
  const type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
  if ((libc()?.socketpair(AF_UNIX, type, 0, pair) ?? -1) < 0) return null;
  return { ours: pair[0]!, theirs: pair[1]! };
}

/** Sends an open file and a word that tells it from others. False: it was not sent. It stays open on this side. */
export function sendDescriptor(socket: number, word: string, fd: number): boolean {
  const data = Buffer.from(word);
  const control = Buffer.alloc(CONTROL_BYTES);
  control.writeBigUInt64LE(BigInt(HEADER_BYTES + 4), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(fd, HEADER_BYTES);
  return libc()?.sendmsg(socket, data, control, MSG_DONTWAIT | MSG_NOSIGNAL) === data.length;
}

/** All that has come: open files by their words. Whoever asks closes them. */
export function receiveDescriptors(socket: number): Map<string, number> {
  const received = new Map<string, number>();
  for (let i = 0; i < MAX_RECEIVED; i++) {
    const data = Buffer.alloc(MAX_WORD_BYTES);
    const control = Buffer.alloc(CONTROL_BYTES);
    const message = libc()?.recvmsg(socket, data, control, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (message === undefined || message.bytes <= 0) break;
    if (message.control < HEADER_BYTES + 4) continue;
    const word = data.toString('utf8', 0, message.bytes);
    const before = received.get(word);
    if (before !== undefined) closeSync(before);
    received.set(word, control.readInt32LE(HEADER_BYTES));
  }
  return received;
}
