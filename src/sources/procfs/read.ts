import { readlinkSync } from 'node:fs';
import { listNames, NotNowError, tryReadHead, unlessOurs } from '../../lib/files/bounded-read.js';
import { ticksToEpochMs } from '../../lib/os/boot.js';
import { readUid } from '../../lib/os/uid.js';
import { memoryOf } from '../../lib/proc/process-memory.js';
import { parseStat, type Stat, ttyName } from '../../lib/proc/stat.js';
import type { ProcessFacts } from '../../model/observation.js';

/** A line of stat with the longest name and numbers. */
const STAT_BYTES = 2048;
/** More than Linux gives pids for, 2^22. */
export const MAX_PIDS = 5_000_000;

/** Null: gone. Throws where descriptors or memory ran out, as everything here: that says nothing of the process. */
export function readStat(root: string, pid: number): Stat | null {
  const text = tryReadHead(`${root}/${pid}/stat`, STAT_BYTES);
  return text === null ? null : parseStat(text);
}

/** The same where nothing depends on it: null also when it cannot be told. */
export function tryStat(root: string, pid: number): Stat | null {
  try {
    return readStat(root, pid);
  } catch {
    return null;
  }
}

/** Null when the process is gone or is a zombie. */
export function readLiving(root: string, pid: number): Stat | null {
  const stat = readStat(root, pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat;
}

/** Null: it cannot be told now. Empty where there are none, or none that may be read. */
export function readArgv(root: string, pid: number): string[] | null {
  const bytes = memoryOf(root).read(pid, 'cmdline');
  return bytes === 'unknown' ? null : splitArguments(bytes);
}

/** What /proc/PID/cmdline holds as words. */
export function splitArguments(bytes: Buffer | null): string[] {
  if (bytes === null || bytes.length === 0) return [];
  // The last one ends with a NUL; a rewritten title is padded with many.
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.toString('utf8', 0, end).split('\0');
}

function readLink(root: string, pid: number, name: string): string | null {
  return unlessOurs(() => readlinkSync(`${root}/${pid}/${name}`));
}

/** The executable's path; null for kernel threads and where it may not be read. */
export function readExe(root: string, pid: number): string | null {
  return readLink(root, pid, 'exe')?.replace(/ \(deleted\)$/, '') ?? null;
}

function isTerminal(root: string, pid: number, fd: number): boolean | null {
  const target = readLink(root, pid, `fd/${fd}`);
  if (target === null) return null;
  return /^\/dev\/(pts\/\d+|tty\w*|console)( \(deleted\))?$/.test(target);
}

/** A daemon gives a session a terminal that controls no process: what it writes to is its terminal all the same. */
function terminalOf(root: string, pid: number): string | null {
  return /^\/dev\/(pts\/\d+)$/.exec(readLink(root, pid, 'fd/1') ?? '')?.[1] ?? null;
}

/**
 * Everything that recognising an agent needs, in one reading of about 60 µs.
 * Null when the process is gone or is a zombie. `argv`: as it was told, should the process not let itself be asked.
 * @throws also when it does not, and nothing was told: by its other names alone it may be taken for something else
 */
export function readFacts(root: string, pid: number, argv?: readonly string[]): ProcessFacts | null {
  const stat = readLiving(root, pid);
  if (stat === null) return null;
  const uid = readUid(root, pid);
  if (uid === null) return null;
  const known = readArgv(root, pid) ?? argv;
  if (known === undefined) throw new NotNowError(`the arguments of ${pid} cannot be read now`);
  return {
    pid,
    ppid: stat.ppid,
    uid,
    comm: stat.comm,
    exe: readExe(root, pid),
    argv: [...known],
    is_copy: stat.is_copy,
    cwd: readLink(root, pid, 'cwd'),
    tty: ttyName(stat.tty_nr) ?? terminalOf(root, pid),
    stdin_tty: isTerminal(root, pid, 0),
    stdout_tty: isTerminal(root, pid, 1),
    start_ticks: stat.start_ticks,
    started_ms: ticksToEpochMs(stat.start_ticks),
    group: stat.pgid,
  };
}

/** All process ids, ascending. */
export function listPids(root: string): number[] {
  return pidsAmong(unlessOurs(() => listNames(root, MAX_PIDS)) ?? []).sort((a, b) => a - b);
}

/** The names in /proc that are process ids, in their order. */
function pidsAmong(names: readonly string[]): number[] {
  return names.map(pidOf).filter(pid => pid !== null);
}

/** Null: the name of something else. */
export function pidOf(name: string): number | null {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57 ? Number(name) : null;
}
