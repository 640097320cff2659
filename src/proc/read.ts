import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessFacts } from '../agents/observation.js';
import { ticksToEpochMs } from './boot.js';
import { parseStat, type Stat, ttyName } from './stat.js';

/** A command line longer than this is cut: agents' prompts may be in it, and nothing here needs them whole. */
const MAX_CMDLINE_BYTES = 16 * 1024;

/** Null where the file is gone or may not be read. */
function tryRead<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

export function readStat(root: string, pid: number): Stat | null {
  const text = tryRead(() => readFileSync(`${root}/${pid}/stat`, 'utf8'));
  return text === null ? null : parseStat(text);
}

/** Null when the process is gone or is a zombie. */
export function readLiving(root: string, pid: number): Stat | null {
  const stat = readStat(root, pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat;
}

export function readArgv(root: string, pid: number): string[] {
  const bytes = tryRead(() => readFileSync(`${root}/${pid}/cmdline`));
  if (bytes === null || bytes.length === 0) return [];
  const parts = bytes.subarray(0, MAX_CMDLINE_BYTES).toString('utf8').split('\0');
  // The terminating NUL leaves an empty string at the end; a rewritten title is padded with many.
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

/** The real uid of a process, from the `Uid:` line of /proc/PID/status. */
export function readUid(root: string, pid: number): number | null {
  const status = tryRead(() => readFileSync(`${root}/${pid}/status`, 'utf8'));
  const match = status === null ? null : /^Uid:\s+(\d+)/m.exec(status);
  return match === null ? null : Number(match[1]);
}

function readLink(root: string, pid: number, name: string): string | null {
  return tryRead(() => readlinkSync(`${root}/${pid}/${name}`));
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

/**
 * Everything that recognising an agent needs, in one reading of about 60 µs.
 * Null when the process is gone or is a zombie.
 */
export function readFacts(root: string, pid: number): ProcessFacts | null {
  const stat = readLiving(root, pid);
  if (stat === null) return null;
  const uid = readUid(root, pid);
  if (uid === null) return null;
  return {
    pid,
    ppid: stat.ppid,
    uid,
    comm: stat.comm,
    exe: readExe(root, pid),
    argv: readArgv(root, pid),
    is_copy: stat.is_copy,
    cwd: readLink(root, pid, 'cwd'),
    tty: ttyName(stat.tty_nr),
    stdin_tty: isTerminal(root, pid, 0),
    stdout_tty: isTerminal(root, pid, 1),
    start_ticks: stat.start_ticks,
    started_ms: ticksToEpochMs(stat.start_ticks),
  };
}

/** All process ids, ascending. */
export function listPids(root: string): number[] {
  return pidsAmong(tryRead(() => readdirSync(root)) ?? []).sort((a, b) => a - b);
}

/** The names in /proc that are process ids, in their order. */
export function pidsAmong(names: readonly string[]): number[] {
  const pids: number[] = [];
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first >= 48 && first <= 57) pids.push(Number(name));
  }
  return pids;
}
