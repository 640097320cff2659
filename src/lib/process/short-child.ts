import { execa, type Options, type ResultPromise } from 'execa';
import { endingWithUs, needDescriptors } from './child.js';

/**
 * Starts a program by its absolute path that is asked something and ends. It is killed when we end, however we end. Whoever
 * needs this loads it then: `await import()`.
 *
 * Throws when there are not enough descriptors: execa then rejects nothing, but leaves an error event that nobody can
 * hear, which ends the process.
 */
export function askChild<T extends Options>(
  program: string,
  args: readonly string[],
  options: T,
): ResultPromise<T> {
  needDescriptors();
  const [file, ...words] = endingWithUs(program, args);
  return execa(file!, words, options) as unknown as ResultPromise<T>;
}
