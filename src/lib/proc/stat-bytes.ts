/**
 * /proc/PID/stat read as bytes: no string and no object is made for a process that did not change.
 * `parseStat` in stat.ts is its plain twin for single processes; the tests hold the two together.
 */
export class StatFields {
  /** Byte of the state letter. */
  state = 0;
  ppid = 0;
  pgid = 0;
  sid = 0;
  flags = 0;
  /** User and system time. */
  cpu_ticks = 0;
  threads = 0;
  start_ticks = 0;
  vsize_bytes = 0;
  rss_pages = 0;
  /** Address of the bottom of the stack, another after each exec; 0 where it may not be seen. */
  stack = 0;
  /** −1 for a thread that does not lead its process. */
  exit_signal = 0;
  /** Where the name lies in the buffer, and a hash to notice another one by. */
  comm_from = 0;
  comm_to = 0;
  comm_hash = 0;
}

const SPACE = 32;
const MINUS = 45;
const ZERO = 48;
const OPEN = 40;
const CLOSE = 41;
/** The longest name that the kernel writes here, that of a kworker, is 64 bytes; programs get 15. */
const MAX_COMM_BYTES = 64;

/** False when it is no line of stat. `all` reads on to the exit signal, which only a first look needs. */
export function parseStatBytes(bytes: Uint8Array, length: number, all: boolean, into: StatFields): boolean {
  let at = 0;
  while (at < length && bytes[at] !== OPEN) at++;
  const from = at + 1;
  at = Math.min(length - 1, from + MAX_COMM_BYTES);
  // Nothing behind the name holds a parenthesis: the last one ends it, whatever stands in it.
  while (at >= from && bytes[at] !== CLOSE) at--;
  if (at < from) return false;
  into.comm_from = from;
  into.comm_to = at;
  let hash = at - from;
  for (let i = from; i < at; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  into.comm_hash = hash;
  into.state = bytes[at + 2] ?? 0;
  at += 4;
  const last = all ? 38 : 28;
  for (let field = 4; field <= last; field++) {
    if (at >= length) return false;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    let value = 0;
    for (let byte = bytes[at]!; at < length && byte > SPACE; byte = bytes[++at]!)
      value = value * 10 + (byte - ZERO);
    at++;
    take(into, field, negative ? -value : value);
  }
  return true;
}

/** Numbers of the fields as in proc_pid_stat(5). */
function take(into: StatFields, field: number, value: number): void {
  switch (field) {
    case 4:
      into.ppid = value;
      break;
    case 5:
      into.pgid = value;
      break;
    case 6:
      into.sid = value;
      break;
    case 9:
      into.flags = value;
      break;
    case 14:
      into.cpu_ticks = value;
      break;
    case 15:
      into.cpu_ticks += value;
      break;
    case 20:
      into.threads = value;
      break;
    case 22:
      into.start_ticks = value;
      break;
    case 23:
      into.vsize_bytes = value;
      break;
    case 24:
      into.rss_pages = value;
      break;
    case 28:
      into.stack = value;
      break;
    case 38:
      into.exit_signal = value;
  }
}
