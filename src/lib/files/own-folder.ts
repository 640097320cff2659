import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { printable } from '../text/printable.js';

/** The folder cannot be trusted with a socket. The message says what to do. */
export class UnsafeDirError extends Error {
  override readonly name = 'UnsafeDirError';
}

/** Makes the folder if it is absent; throws UnsafeDirError unless it is ours alone to write. */
export function ensureOwnDir(dir: string, mode: number = process.geteuid!() === 0 ? 0o755 : 0o700): void {
  let made: string | undefined;
  try {
    made = mkdirSync(dir, { recursive: true, mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnsafeDirError(`cannot make the folder ${printable(dir)}: ${code}`);
  }
  checkOwnDir(dir);
  // Not by the umask's leave; it was ours and nobody else's when it was checked.
  if (made !== undefined) chmodSync(dir, mode);
}

export function checkOwnDir(dir: string): void {
  const shown = printable(dir);
  const uid = process.geteuid!();
  const stat = lstatSync(dir);
  if (!stat.isDirectory()) throw new UnsafeDirError(`${shown} is not a folder (links are not followed)`);
  if (stat.uid !== uid) {
    throw new UnsafeDirError(`${shown} belongs to uid ${stat.uid}, not to uid ${uid}, which runs this`);
  }
  if ((stat.mode & 0o022) !== 0) {
    const mode = (stat.mode & 0o7777).toString(8);
    throw new UnsafeDirError(`others may write into ${shown} (mode ${mode}): chmod go-w ${shown}`);
  }
}
