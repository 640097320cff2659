/** errno(3) of files and sockets, as a person would say it. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'not there',
  ENOTDIR: 'not a folder',
  ELOOP: 'a symbolic link',
  EISDIR: 'not a regular file',
  ENXIO: 'not a regular file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EROFS: 'on a read-only file system',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
};

/** Why the system refused. `better`: what one place knows better to say of a code, e.g. what to change. */
export function errorWords(error: unknown, better: Readonly<Record<string, string>> = {}): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message ?? String(error);
  return better[code] ?? WORDS[code] ?? code;
}
