/** What programs say that end others when memory runs short, before the kernel has to. */
export interface DaemonKill {
  by: string;
  /** Null: not one process but all of a control group. */
  victim: { pid: number; comm: string; uid: number | null } | null;
  rss_bytes: number | null;
  /** The control group that was ended as a whole. */
  cgroup: string | null;
}

/** By the unit that the line came from: nobody but root makes a unit of the system. */
const PARSERS: Readonly<Record<string, (message: string) => DaemonKill | null>> = {
  'earlyoom.service': parseEarlyoom,
  'systemd-oomd.service': parseOomd,
};

/** Of these the journal is asked for more than warnings. */
export const OOM_DAEMON_UNITS: readonly string[] = Object.keys(PARSERS);

/** `unit`: of the system, as journald itself says who sent the line. Null: it is no such daemon, or says something else. */
export function parseDaemonKill(unit: string, message: string): DaemonKill | null {
  return PARSERS[unit]?.(message) ?? null;
}

/** With `--dryrun`, after what it would have done. */
export function isDryRun(message: string): boolean {
  return message.startsWith('dryrun, not actually sending any signal');
}

/**
 * earlyoom's kill.c: 1.3 and later (`uid` since 1.4, `oom_score` and the arguments since 1.8), 1.1, 1.0. Names may hold
 * anything; what comes after them is its own.
 *
 * ```
 * sending SIGTERM to process 1234 uid 1000 "chrome": oom_score 1090, oom_score_adj 300, VmRSS 195 MiB, cmdline "/opt/…"
 * sending SIGKILL to process 1234 uid 1000 "chrome": badness 300, VmRSS 195 MiB
 * Killing process: chrome, pid: 1234, badness: 300, VmRSS: 195 MiB
 * Killing process 1234 chrome
 * ```
 */
function parseEarlyoom(message: string): DaemonKill | null {
  const now =
    /^sending SIG(?:TERM|KILL) to process (\d+)(?: uid (\d+))? "(.{0,64}?)":? .{0,200}?VmRSS (\d+) MiB/s.exec(
      message,
    );
  if (now !== null) return earlyoom(now[1]!, now[3]!, now[2], now[4]);
  const then = /^Killing process: (.{0,64}), pid: (\d+), badness: -?\d+, VmRSS: (\d+) MiB$/s.exec(message);
  if (then !== null) return earlyoom(then[2]!, then[1]!, undefined, then[3]);
  const first = /^Killing process (\d+) (.{1,64})$/s.exec(message);
  return first === null ? null : earlyoom(first[1]!, first[2]!);
}

function earlyoom(pid: string, comm: string, uid?: string, mib?: string): DaemonKill {
  return {
    by: 'earlyoom',
    victim: { pid: Number(pid), comm, uid: uid === undefined ? null : Number(uid) },
    rss_bytes: mib === undefined ? null : Number(mib) * 1024 ** 2,
    cgroup: null,
  };
}

/**
 * systemd's oomd-manager.c: `Killed` until 257, `Marked … for killing` since.
 *
 * ```
 * Killed /user.slice/…/app-x.scope due to memory pressure for /user.slice/… being 57.31% > 50.00% for > 20s with reclaim activity
 * Marked /system.slice/x.service for killing due to memory used (7) / total (8) and swap used (7) / total (8) being more than 90.00%
 * ```
 */
function parseOomd(message: string): DaemonKill | null {
  const cgroup = /^(?:Killed|Marked) (\/.{0,4096}?)(?: for killing)? due to memory (?:pressure|used)\b/s.exec(
    message,
  )?.[1];
  return cgroup === undefined ? null : { by: 'systemd-oomd', victim: null, rss_bytes: null, cgroup };
}
