import { tryReadText } from '../files/bounded-read.js';

/** `wchar` of /proc/PID/io: bytes passed to write() and its like, proc_pid_io(5). Null: gone, or not to be read. */
export function writtenBytes(root: string, pid: number): number | null {
  const match = /^wchar: (\d+)$/m.exec(tryReadText(`${root}/${pid}/io`) ?? '');
  return match === null ? null : Number(match[1]);
}

/** `read_bytes: 1\nwrite_bytes: 2`, proc_pid_io(5): what really went from and to storage. */
export function parseIo(text: string): { read_bytes: number; write_bytes: number } | null {
  const read = /^read_bytes: (\d+)/m.exec(text);
  const write = /^write_bytes: (\d+)/m.exec(text);
  return read && write ? { read_bytes: Number(read[1]), write_bytes: Number(write[1]) } : null;
}
