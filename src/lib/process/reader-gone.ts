import { libc } from '../os/libc.js';
import { onTick } from '../time/ticker.js';

/** poll(2): `struct pollfd` is the descriptor (32 bits), what is asked for and what there is (16 bits each). */
const POLLFD_BYTES = 8;
const REVENTS = 6;
const POLLERR = 0x08;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

/**
 * Calls `gone` once nobody can read any more what is written to `fd`: the other end of its pipe or socket is closed,
 * its terminal hung up. A write says so, but only when there is something to write. Looks about once a second, until
 * the returned function is called; does not keep the process alive. Without a C library to ask, a write has to do.
 */
export function onReaderGone(fd: number, gone: () => void): () => void {
  const end = onTick('reader', () => {
    if (!isReaderGone(fd)) return;
    end();
    gone();
  });
  return end;
}

/** False also where that cannot be known. */
export function isReaderGone(fd: number): boolean {
  const pollfd = Buffer.alloc(POLLFD_BYTES);
  pollfd.writeInt32LE(fd, 0);
  // POLLERR, POLLHUP and POLLNVAL are told without being asked for.
  if ((libc()?.poll(pollfd, 1, 0) ?? 0) <= 0) return false;
  return (pollfd.readInt16LE(REVENTS) & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
}
