/**
 * What the kernel programs tell us: the typed form of every line that bpf/*.bt prints.
 *
 * `time_ms` is wall-clock time in milliseconds since the Unix epoch, with fractions, derived from the
 * kernel's monotonic clock (see clock.ts). `pid` is always a thread group id, never a thread's.
 * Strings come from other processes and are hostile: control characters, invalid UTF-8 (replaced by
 * U+FFFD), any length up to the program's limit.
 */

/** A process (not a thread) was created. */
export interface ForkEvent {
  type: 'fork';
  time_ms: number;
  pid: number;
  ppid: number;
}

/** A process replaced its image. `argv` is as much as fitted; `truncated` says that there was more. */
export interface ExecEvent {
  type: 'exec';
  time_ms: number;
  pid: number;
  ppid: number;
  uid: number;
  path: string;
  argv: string[];
  truncated: boolean;
}

/** Who sent the signal that ended a process. */
export interface SignalSender {
  pid: number;
  comm: string;
}

/** The last thread of a process ended. Exactly one of `code` and `signal` is not null. */
export interface ExitEvent {
  type: 'exit';
  time_ms: number;
  pid: number;
  code: number | null;
  signal: number | null;
  sender: SignalSender | null;
}

/** The OOM killer chose this process; its exit follows. */
export interface OomEvent {
  type: 'oom';
  time_ms: number;
  pid: number;
}

/** Bytes arrived as input on a terminal. Their content stays in the kernel but for these two flags. */
export interface KeyEvent {
  type: 'key';
  time_ms: number;
  /** Terminal name below /dev, e.g. `pts/3`. Containers count theirs anew: several terminals have this name. */
  tty: string;
  /** The process group in the foreground there: for whom they are. Absent in old recordings. */
  group?: number;
  bytes: number;
  /** The last byte was carriage return or newline. */
  enter: boolean;
  /** The input was one single ESC byte: the Escape key, not an arrow key. */
  escape: boolean;
}

/** A watched process wrote to its terminal: one event for all writes of up to ~100 ms. */
export interface OutputEvent {
  type: 'output';
  /** Time of the last write counted here. */
  time_ms: number;
  pid: number;
  tty: string;
  /** It was looked for, four times a second: /proc/PID/io. */
  sampled?: true;
  writes: number;
  bytes: number;
}

/** A watched process wrote an operating system command: a write that began with `ESC ]`. */
export interface OscEvent {
  type: 'osc';
  time_ms: number;
  pid: number;
  tty: string;
  /** At most the first 96 bytes of the write, `ESC ]` included, decoded as UTF-8. */
  text: string;
}

/** The terminal of a watched process changed its size: what follows is a redraw. */
export interface ResizeEvent {
  type: 'resize';
  time_ms: number;
  pid: number;
}

/** A signal stopped a watched process (Ctrl-Z, SIGSTOP; not a debugger), or let it go on. */
export interface RunStateEvent {
  type: 'run_state';
  time_ms: number;
  pid: number;
  stopped: boolean;
}

export type LifecycleEvent = ForkEvent | ExecEvent | ExitEvent | OomEvent;
export type TerminalEvent = KeyEvent | OutputEvent | OscEvent | ResizeEvent | RunStateEvent;
export type KernelEvent = LifecycleEvent | TerminalEvent;

/** What the kernel programs could not tell: for a time, `reason` says why, or so many process events. */
export type SensorGap = { reason: string } | { lost: number };

/**
 * Whether starts and ends of processes, and the terminals of all watched agents, are told of. Both are missing until
 * they were said to be there.
 */
export interface SensorState {
  lifecycle?: boolean;
  terminal?: boolean;
}
