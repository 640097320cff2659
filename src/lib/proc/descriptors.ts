import { readlinkSync } from 'node:fs';
import { eachName, unlessOurs } from '../files/bounded-read.js';

/** What a process has open, /proc/PID/fd: a path, or `socket:[48213]`, `anon_inode:inotify` and their like. */
export interface OpenFile {
  /** The link itself: to ask for more, as /proc/PID/fd/3. */
  link: string;
  target: string;
}

/** The first `max` of them; those closed meanwhile are left out. Throws as fs does where it may not be looked at. */
export function* openFiles(root: string, pid: number, max: number): Generator<OpenFile> {
  for (const fd of eachName(`${root}/${pid}/fd`, max)) {
    const link = `${root}/${pid}/fd/${fd}`;
    const target = linkTarget(link);
    if (target !== null) yield { link, target };
  }
}

/** Null: closed, gone, or not to be looked at. Throws when the fault is vigil's own. */
export function linkTarget(link: string): string | null {
  return unlessOurs(() => readlinkSync(link));
}

/** `48213` where the link leads to `socket:[48213]`; null: to no socket. */
export function socketInode(link: string): number | null {
  const target = linkTarget(link);
  return target?.startsWith('socket:[') ? Number(target.slice(8, -1)) : null;
}
