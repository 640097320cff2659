import { closeSync, openSync } from 'node:fs';
import { execa, type Options, type ResultPromise } from 'execa';
import { readWhole } from '../files/bounded-read.js';
import { findProgram } from '../files/find-program.js';

/** Long-running programs that the daemon starts: none outlives it, and none that cannot be started ends it. */

/** util-linux has 80 kB; more is something else. */
const MAX_SETPRIV_BYTES = 4_000_000;
/** Three pipes, the one in which the exec is told to have worked, and some that others open meanwhile. */
const DESCRIPTORS = 12;

/**
 * Starts a program by its absolute path. It is killed when we end, however we end (PR_SET_PDEATHSIG, prctl(2)), as far as
 * setpriv is there to ask for that.
 *
 * Throws when there are not enough descriptors: execa then rejects nothing, but leaves an error event that nobody can
 * hear, which ends the process.
 */
export function startChild<T extends Options>(
  program: string,
  args: readonly string[],
  options: T,
): ResultPromise<T> {
  needDescriptors();
  const setpriv = setprivForChildren();
  const child =
    setpriv === null
      ? execa(program, args, options)
      : execa(setpriv, ['--pdeathsig', 'KILL', '--', program, ...args], options);
  return child as unknown as ResultPromise<T>;
}

let found: string | null | undefined;

/** A setpriv that knows `--pdeathsig` (util-linux 2.33 or newer; not busybox's); null: there is none. */
export function setprivForChildren(): string | null {
  if (found === undefined) found = findProgram('setpriv', { isFit: hasParentDeathSignal });
  return found;
}

/** To ask the program itself would cost a process at each start. */
function hasParentDeathSignal(path: string): boolean {
  try {
    return readWhole(path, MAX_SETPRIV_BYTES).includes('--pdeathsig');
  } catch {
    return false;
  }
}

function needDescriptors(): void {
  const held: number[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i++) held.push(openSync('/dev/null', 'r'));
  } finally {
    for (const fd of held) closeSync(fd);
  }
}
