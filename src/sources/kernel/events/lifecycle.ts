import type { ExecEvent, ExitEvent, LifecycleEvent } from '../../../model/kernel-event.js';
import { textBeforeNul } from './hex.js';
import type { Line } from './stream.js';

/** As much of argv as bpf/lifecycle.bt prints: five pieces. */
const ARGV_PIECE_BYTES = 160;
const ARGV_LIMIT_BYTES = 5 * ARGV_PIECE_BYTES;
const PATH_LIMIT_BYTES = 160;
/** Two threads that end at the same moment both see themselves as the last one. */
const EXIT_TWICE_MS = 1_000;
const RECENT_EXITS = 512;

interface PendingExec {
  event: ExecEvent;
  pieces: Buffer[];
  had: number;
  expected: number;
  total: number;
}

/** Lines of bpf/lifecycle.bt into events: rejoins exec lines, drops the second report of an exit. */
export class LifecycleTranslator {
  private readonly pending = new Map<number, PendingExec>();
  private readonly exits = new Map<number, number>();

  constructor(
    private readonly time_ms: (nsecs: number) => number,
    private readonly deliver: (event: LifecycleEvent) => void,
  ) {}

  /** False when the line is none of the lifecycle program's. */
  line(line: Line): boolean {
    if (line.kind === 'A') {
      this.piece(line);
      return true;
    }
    this.flush(line.cpu);
    const time_ms = this.time_ms(line.nsecs);
    const [pid, second, third, fourth, fifth] = line.numbers as [number, number, number, number, number];
    switch (line.kind) {
      case 'F':
        this.exits.delete(pid);
        this.deliver({ type: 'fork', time_ms, pid, ppid: second });
        return true;
      case 'E': {
        const path = textBeforeNul(line.bytes);
        const event: ExecEvent = {
          type: 'exec',
          time_ms,
          pid,
          ppid: second,
          uid: third >>> 0,
          path,
          argv: [],
          truncated: fifth > PATH_LIMIT_BYTES,
        };
        const expected = Math.min(fourth, ARGV_LIMIT_BYTES);
        this.exits.delete(pid);
        if (expected <= 0) this.deliver(event);
        else this.pending.set(line.cpu, { event, pieces: [], had: 0, expected, total: fourth });
        return true;
      }
      case 'X':
        if (this.seenBefore(pid, time_ms)) return true;
        this.deliver(exitEvent(time_ms, pid, second, third, fourth, line.bytes));
        return true;
      case 'O':
        this.deliver({ type: 'oom', time_ms, pid });
        return true;
      default:
        return false;
    }
  }

  /** Hands out what still waits for pieces that were lost. */
  flushAll(): void {
    for (const cpu of [...this.pending.keys()]) this.flush(cpu);
  }

  private piece(line: Line): void {
    const pending = this.pending.get(line.cpu);
    const [pid, offset] = line.numbers as [number, number];
    if (!pending || pending.event.pid !== pid) return;
    if (offset !== pending.had) {
      this.flush(line.cpu); // a piece in between was lost
      return;
    }
    pending.pieces.push(line.bytes);
    pending.had += line.bytes.length;
    if (pending.had >= pending.expected || line.bytes.length === 0) this.flush(line.cpu);
  }

  private flush(cpu: number): void {
    const pending = this.pending.get(cpu);
    if (!pending) return;
    this.pending.delete(cpu);
    const bytes = Buffer.concat(pending.pieces);
    const complete = bytes.length >= pending.total;
    pending.event.argv = splitArgv(bytes);
    if (!complete || pending.event.argv.length === 0) pending.event.truncated = true;
    this.deliver(pending.event);
  }

  private seenBefore(pid: number, time_ms: number): boolean {
    const before = this.exits.get(pid);
    this.exits.delete(pid);
    this.exits.set(pid, time_ms);
    if (this.exits.size > RECENT_EXITS) this.exits.delete(this.exits.keys().next().value!);
    return before !== undefined && Math.abs(time_ms - before) < EXIT_TWICE_MS;
  }
}

/** NUL-separated arguments, the last one perhaps cut. Nothing but NULs: the memory could not be read. */
export function splitArgv(bytes: Buffer): string[] {
  if (!bytes.some(byte => byte !== 0)) return [];
  const argv: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0, start);
    argv.push(bytes.toString('utf8', start, end < 0 ? bytes.length : end));
    if (end < 0) break;
    start = end + 1;
  }
  return argv;
}

function exitEvent(
  time_ms: number,
  pid: number,
  status: number,
  senderPid: number,
  senderSignal: number,
  comm: Buffer,
): ExitEvent {
  const signal = status & 0x7f;
  if (signal === 0) {
    return { type: 'exit', time_ms, pid, code: (status >> 8) & 0xff, signal: null, sender: null };
  }
  const sender =
    senderPid > 0 && senderSignal === signal ? { pid: senderPid, comm: textBeforeNul(comm) } : null;
  return { type: 'exit', time_ms, pid, code: null, signal, sender };
}
