/**
 * /proc/PID/stat, see proc_pid_stat(5).
 *
 * `4021 (tmux: server) S 1 4021 4021 0 -1 4194624 1230 0 0 0 12 7 0 0 20 0 1 0 884213 …`
 *
 * The name may hold spaces, parentheses and newlines: the last `)` ends it.
 */
export interface Stat {
  pid: number;
  comm: string;
  state: string;
  ppid: number;
  pgid: number;
  sid: number;
  /** Device number of the controlling terminal; 0 for none. */
  tty_nr: number;
  /** Process group that has the terminal; −1 for none. */
  tpgid: number;
  /** Forked and has not yet replaced its image: a copy of its parent, name and all. */
  is_copy: boolean;
  is_kernel_thread: boolean;
  /** User and system time in clock ticks. */
  cpu_ticks: number;
  threads: number;
  /** Clock ticks after boot. */
  start_ticks: number;
  vsize_bytes: number;
  rss_pages: number;
}

/** include/linux/sched.h: forked but did not exec. */
export const PF_FORKNOEXEC = 0x40;
export const PF_KTHREAD = 0x0020_0000;

export function parseStat(text: string): Stat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  if (fields.length < 22) return null;
  // fields[0] is field 3 of the manual page.
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number(text.slice(0, open - 1)),
    comm: text.slice(open + 1, close),
    state: fields[0] as string,
    ppid: field(4),
    pgid: field(5),
    sid: field(6),
    tty_nr: field(7),
    tpgid: field(8),
    is_copy: (field(9) & PF_FORKNOEXEC) !== 0,
    is_kernel_thread: (field(9) & PF_KTHREAD) !== 0,
    cpu_ticks: field(14) + field(15),
    threads: field(20),
    start_ticks: field(22),
    vsize_bytes: field(23),
    rss_pages: field(24),
  };
}

/**
 * Name below /dev of a terminal's device number as in tty_nr: majors 136–143 are pseudo-terminals, 4 holds
 * the consoles (minor < 64) and serial lines (Documentation/admin-guide/devices.txt).
 */
export function ttyName(device: number): string | null {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  if (device === 0) return null;
  return `char/${major}:${minor}`;
}
