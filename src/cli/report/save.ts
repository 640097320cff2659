import { randomBytes } from 'node:crypto';
import { lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { printable } from '../../lib/text/printable.js';

/**
 * Writes a file as a whole or not at all; only its owner may read it, for it tells of command lines. What is
 * there is replaced when it is an ordinary file, and nothing else: no link is followed, no device written to.
 * @throws with a text for the person
 */
export function save(path: string, text: string): void {
  const shown = printable(path, 300);
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) {
    throw new Error(`${shown} is there and is no ordinary file: name another one`);
  }
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new Error(
      `${shown} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    );
  }
}
