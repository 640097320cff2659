import type { ProcessFacts } from '../../src/model/observation.js';

/** A process on a terminal, with what the test cares about. */
export function facts(some: Partial<ProcessFacts> = {}): ProcessFacts {
  return {
    pid: 100,
    ppid: 50,
    uid: 1000,
    comm: 'x',
    exe: '/usr/bin/x',
    argv: ['x'],
    is_copy: false,
    cwd: '/home/u/shop',
    tty: 'pts/3',
    stdin_tty: true,
    stdout_tty: true,
    start_ticks: 5000,
    started_ms: 1_000_000,
    ...some,
  };
}
