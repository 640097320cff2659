import { hasTerminal } from '../lib/process/tty-hang-up.js';

/**
 * SIGHUP has two meanings: to a service it says "read your configuration", to a program of a terminal that the
 * terminal is closed. It is the second when there was a terminal and is none any more.
 */
export function onHangup(reload: () => void, closed: () => void): () => void {
  const had = hasTerminal();
  const heard = () => (had && !hasTerminal() ? closed() : reload());
  process.on('SIGHUP', heard);
  return () => process.off('SIGHUP', heard);
}
