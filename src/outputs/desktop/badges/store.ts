import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';

const DIR_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const FILE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Why a file could not be written, in words for a person. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * Runs `work` with a path to the directory that stays the same directory whatever becomes of its name.
 * It must be a directory of our own that not everybody may write into; links are refused.
 */
function withFolder<T>(dir: string, make: boolean, work: (held: string) => T): T {
  let fd: number;
  try {
    fd = openDirectory(dir, make);
  } catch (error) {
    throw new StoreError(reason(error as NodeJS.ErrnoException, 'the folder'));
  }
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== process.geteuid!()) throw new StoreError(`the folder belongs to uid ${uid}`);
    if ((mode & 0o002) !== 0) throw new StoreError('everybody may write into the folder');
    return work(`/proc/self/fd/${fd}`);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(reason(error as NodeJS.ErrnoException, 'the file'));
  } finally {
    closeSync(fd);
  }
}

function openDirectory(dir: string, make: boolean): number {
  try {
    return openSync(dir, DIR_FLAGS);
  } catch (error) {
    if (!make || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dir, { mode: 0o755 });
    return openSync(dir, DIR_FLAGS);
  }
}

function reason(error: NodeJS.ErrnoException, what: string): string {
  switch (error.code) {
    case 'ELOOP':
      return `${what} is a symbolic link`;
    case 'ENOTDIR':
      return `${what} is not a folder, or is a symbolic link`;
    case 'ENOENT':
      return `${what} is not there`;
    case 'EACCES':
      return `${what} may not be written: permission denied`;
    case 'EROFS':
      return `${what} is on a read-only file system`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    default:
      return `${what}: ${error.code ?? error.message}`;
  }
}

/** Readers see the old content or the new one, never a part. Throws StoreError. */
export function writeFileSafely(dir: string, name: string, content: string): void {
  withFolder(dir, true, held => {
    const temporary = `${held}/.${name}.${process.pid}.tmp`;
    const fd = createFile(temporary);
    try {
      try {
        fchmodSync(fd, 0o644);
        // All of it or an error: a single write may end in the middle where the disk is full.
        writeFileSync(fd, content);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, `${held}/${name}`);
    } catch (error) {
      removeIfThere(temporary);
      throw error;
    }
  });
}

function createFile(path: string): number {
  try {
    return openSync(path, FILE_FLAGS, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Left by a helper that had our pid and died between the two.
    unlinkSync(path);
    return openSync(path, FILE_FLAGS, 0o644);
  }
}

/** Throws StoreError, but not for what is already gone. */
export function removeFileSafely(dir: string, name: string): void {
  try {
    withFolder(dir, false, held => removeIfThere(`${held}/${name}`));
  } catch (error) {
    if (!(error instanceof StoreError && error.message.endsWith('is not there'))) throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
