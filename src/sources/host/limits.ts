import { z } from 'zod';
import { listNames } from '../../lib/files/bounded-read.js';
import { readUid } from '../../lib/os/uid.js';
import { linkTarget } from '../../lib/proc/descriptors.js';
import { count, type FieldTypes, list, pid, uid } from '../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from './collector.js';
import { tryReadNumber, tryReadText } from './read.js';

const holder = z.strictObject({
  pid,
  uid,
  ptys: count.describe('its open /dev/ptmx'),
  inotify_instances: count,
  inotify_watches: count.describe('of all of them, as far as they were counted'),
});
/** What a process holds of what the kernel has only so much of. */
type Holder = z.infer<typeof holder>;

const limits = z
  .strictObject({
    ptys: count.nullable().describe('/proc/sys/kernel/pty/nr: pty(7)'),
    ptys_max: count.nullable(),
    files: count.nullable().describe('open files of all: /proc/sys/fs/file-nr, proc_sys_fs(5)'),
    files_max: z.number().nullable(),
    inotify_instances_max: count.nullable().describe('of each user: inotify(7)'),
    inotify_watches_max: count.nullable().describe('of each user'),
    holders: list(holder).describe('as they were when they were last looked at: a few at a time'),
  })
  .describe('limits of the kernel for the whole machine or each user, and who holds some; null: not known');

const fields = { limits: limits.nullable() };
type LimitsSlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends LimitsSlice {}
}

/** Processes whose descriptors are looked at in one round, some 40 µs each; and where something runs out. */
const STEP = 10;
const STEP_SHORT = 128;
const SHORT_SHARE = 0.5;
const MANY_PTYS = 200;
const MAX_FDS = 2_048;
/** Some 80 bytes for each watch. */
const FDINFO_BYTES = 512 * 1024;
const MAX_HOLDERS = 1_024;

/** How much of each limit is used is read each time; who uses it, of some processes after the other. */
export class LimitsCollector implements Collector<LimitsSlice> {
  private waiting: number[] = [];
  private holders = new Map<number, Holder>();
  private seen = new Set<number>();

  collect({ roots: { proc } }: Context): Part<LimitsSlice> {
    const number = (name: string) => tryReadNumber(`${proc}/sys/${name}`);
    const [files, , files_max] = (tryReadText(`${proc}/sys/fs/file-nr`) ?? '')
      .trim()
      .split(/\s+/)
      .map(Number);
    const sample = {
      ptys: number('kernel/pty/nr'),
      ptys_max: number('kernel/pty/max'),
      files: files || null,
      files_max: files_max || null,
      inotify_instances_max: number('fs/inotify/max_user_instances'),
      inotify_watches_max: number('fs/inotify/max_user_watches'),
    };
    const { ptys, ptys_max } = sample;
    const isShort =
      ptys !== null && (ptys >= MANY_PTYS || ptys >= (ptys_max ?? Number.POSITIVE_INFINITY) * SHORT_SHARE);
    this.look(proc, isShort ? STEP_SHORT : STEP);
    return { limits: { ...sample, holders: [...this.holders.values()] } };
  }

  private look(proc: string, step: number): void {
    if (this.waiting.length === 0) {
      for (const pid of this.holders.keys()) if (!this.seen.has(pid)) this.holders.delete(pid);
      this.seen = new Set();
      this.waiting = listNames(proc)
        .map(Number)
        .filter(pid => pid > 0);
    }
    for (const pid of this.waiting.splice(0, step)) {
      this.seen.add(pid);
      const holder = holderOf(proc, pid);
      if (holder === null) this.holders.delete(pid);
      else if (this.holders.size < MAX_HOLDERS || this.holders.has(pid)) this.holders.set(pid, holder);
    }
  }
}

/** Null: it holds none, is gone, or may not be looked at. */
function holderOf(proc: string, pid: number): Holder | null {
  const folder = `${proc}/${pid}/fd`;
  const found = { ptys: 0, inotify_instances: 0, inotify_watches: 0 };
  try {
    for (const fd of listNames(folder, MAX_FDS)) {
      const target = linkTarget(`${folder}/${fd}`);
      if (target === '/dev/ptmx' || target === '/dev/pts/ptmx') found.ptys++;
      else if (target === 'anon_inode:inotify') {
        found.inotify_instances++;
        found.inotify_watches += watchesOf(`${proc}/${pid}/fdinfo/${fd}`);
      }
    }
  } catch {
    return null;
  }
  if (found.ptys + found.inotify_instances === 0) return null;
  const uid = readUid(proc, pid);
  return uid === null ? null : { pid, uid, ...found };
}

/** Lines `inotify wd:3 ino:9e7e sdev:800013 …` of proc_pid_fdinfo(5). */
function watchesOf(path: string): number {
  const text = tryReadText(path, FDINFO_BYTES) ?? '';
  return text.split('\ninotify wd:').length - 1;
}

export const limitsCollector = defineCollector({
  id: 'limits',
  describe: 'Pseudo-terminals, open files and inotify, beside the kernel’s limits.',
  fields,
  empty: { limits: null },
  at_least_ms: 10_000,
  create: () => new LimitsCollector(),
});
