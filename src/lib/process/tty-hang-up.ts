import { closeSync, constants, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Is there a terminal that this process belongs to? ENXIO, once it hung up: tty(4). */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/**
 * To be called once, early. At its exit Node.js puts the terminals of its standard streams back as they were,
 * and aborts when one of them is closed by then; what is exchanged it leaves alone.
 */
export function outliveTerminal(): void {
  const terminals = [0, 1, 2].filter(fd => isatty(fd));
  if (terminals.length === 0 || !hasTerminal()) return;
  process.on('exit', () => {
    if (hasTerminal()) return;
    for (const fd of terminals) {
      closeSync(fd);
      // The lowest number that is free, which is this one.
      openSync('/dev/null', constants.O_RDWR);
    }
  });
}
