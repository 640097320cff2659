import { statSync } from 'node:fs';
import { tryList, tryReadText } from '../../lib/files/bounded-read.js';
import { linkTarget } from '../../lib/proc/descriptors.js';

/** What is asked about. */
export interface Stayer {
  pid: number;
  sid: number;
  started_ms: number;
  cmdline: string;
  cgroup: string | null;
  /** When its agent started: what was there before is not of its own. */
  agent_started_ms: number;
  /** Where its agent worked; null: not known. */
  agent_cwd: string | null;
  /** Its agent ignored SIGHUP itself (`nohup codex`): then so does all that it started. */
  agent_ignores_hangup: boolean;
}

const MAX_FDS = 256;
/** Files in which agents catch what their tools write: no log of the tool's own. */
const CAPTURE = /\/(claude-[^/]*|\.claude|\.codex|\.gemini|opencode)\//;
const PID_FILE = /(^| )(--?pid[-_]?file|--daemon|--daemonize|--pidfile)(=| |$)/;
/** Filesystems of the kernel itself answer at once when they are asked how old a file is. */
const LOCAL = /^(ext[234]|xfs|btrfs|bcachefs|f2fs|zfs|tmpfs|overlay)$/;
/** A shell makes the file of `> log` just before it starts the program. */
const BORN_WITH_MS = 5_000;

/**
 * Whether somebody meant a process to go on without whoever started it: by what nohup(1), setsid(1), `disown`, daemon(7)
 * and systemd-run(1) leave behind. One sign may be inherited or chance, two are not: it ignores SIGHUP, leads a session,
 * writes a log of its own. Answers in words; null: nothing says so.
 */
export function whyToStay(root: string, process: Stayer): string | null {
  const { pid, sid, cmdline, cgroup } = process;
  if (/(^|\/)run-[^/]+\.(scope|service)(\/|$)/.test(cgroup ?? ''))
    return 'was started by systemd-run, in a unit of its own';
  const ignores = !process.agent_ignores_hangup && readIgnoresHangup(root, pid) === true;
  const [input, output, errors] = [0, 1, 2].map(fd => linkTarget(`${root}/${pid}/fd/${fd}`));
  const logs = [output, errors].filter(isFile);
  const born_ms = logs.some(path => !CAPTURE.test(path)) ? birthOfOutput(root, pid) : null;
  // What its agent wrote to before is not its own.
  const own = logs.filter(
    path => !CAPTURE.test(path) && (born_ms ?? Number.POSITIVE_INFINITY) > process.agent_started_ms,
  );
  const isCut = output === '/dev/null' && errors === '/dev/null';
  if (logs.some(path => /\/nohup\.out$/.test(path))) return 'was started with nohup';
  if (ignores && (sid === pid || logs.length > 0 || isCut)) return 'ignores the end of its terminal (nohup)';
  if (sid === pid && own.length > 0) return 'has a session and a log of its own';
  if (PID_FILE.test(cmdline) || holdsPidFile(root, pid)) return 'is a daemon with a pid file';
  const isQuiet = [input, output, errors].every(path => path === '/dev/null' || isFile(path));
  // What an agent in / leaves behind is there without having gone there.
  if (isQuiet && process.agent_cwd !== '/' && linkTarget(`${root}/${pid}/cwd`) === '/')
    return 'is a daemon: it works in / and has no terminal';
  return own.length > 0 && born_ms !== null && Math.abs(process.started_ms - born_ms) < BORN_WITH_MS
    ? 'writes a log that was made for it'
    : null;
}

/** Null: gone, or not to be read. */
export function readIgnoresHangup(root: string, pid: number): boolean | null {
  const status = tryReadText(`${root}/${pid}/status`);
  return status === null ? null : ignoresHangup(status);
}

/** The line `SigIgn:\t0000000000000001` of proc_pid_status(5): the lowest bit is signal 1, SIGHUP. */
export function ignoresHangup(status: string): boolean {
  const last = /^SigIgn:\t[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1];
  return last !== undefined && (Number.parseInt(last, 16) & 1) === 1;
}

function isFile(path: string | null | undefined): path is string {
  return path?.startsWith('/') === true && !/^\/(dev|proc|sys|memfd:)/.test(path);
}

function holdsPidFile(root: string, pid: number): boolean {
  const fds = tryList(`${root}/${pid}/fd`, MAX_FDS);
  return fds.some(fd => /\.(pid|pidfile)$/.test(linkTarget(`${root}/${pid}/fd/${fd}`) ?? ''));
}

/** When the file that it writes to came into being; null: not known. Asked only where asking cannot hang. */
function birthOfOutput(root: string, pid: number): number | null {
  for (const fd of [1, 2]) {
    const file = `${root}/${pid}/fd/${fd}`;
    if (!isFile(linkTarget(file))) continue;
    const mount = /^mnt_id:\s*(\d+)$/m.exec(tryReadText(`${root}/${pid}/fdinfo/${fd}`) ?? '')?.[1];
    const line = new RegExp(`^${mount} .* - (\\S+) `, 'm').exec(
      tryReadText(`${root}/${pid}/mountinfo`) ?? '',
    );
    if (mount === undefined || !LOCAL.test(line?.[1] ?? '')) return null;
    try {
      return statSync(file).birthtimeMs || null;
    } catch {
      return null;
    }
  }
  return null;
}
