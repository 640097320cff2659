import { closeSync, constants, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * SIGHUP has two meanings: to a service it says "read your configuration", to a program of a terminal that the
 * terminal is closed. It is the second when there was a terminal and is none any more.
 */
export function onHangup(reload: () => void, closed: () => void): () => void {
  const had = hasTerminal();
  const ours = [0, 1, 2].filter(fd => isatty(fd));
  const heard = () => {
    if (!had || hasTerminal()) {
      reload();
      return;
    }
    for (const fd of ours.splice(0)) putAway(fd);
    closed();
  };
  process.on('SIGHUP', heard);
  return () => process.off('SIGHUP', heard);
}

/** ENXIO, once the terminal hung up: tty(4). */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** Node.js aborts when it cannot restore a terminal at its exit; one that is exchanged it leaves alone. */
function putAway(fd: number): void {
  closeSync(fd);
  // The lowest number that is free, which is this one.
  openSync('/dev/null', constants.O_RDWR);
}
