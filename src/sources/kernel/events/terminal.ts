import { ttyName } from '../../../lib/proc/stat.js';
import type { TerminalEvent } from '../../../model/kernel-event.js';
import { textBeforeNul } from './hex.js';
import type { Line } from './stream.js';

/** An index from here on is no pts but a device number, as in /proc/PID/stat. */
const OTHER_TERMINALS = 2 ** 20;
const SIGWINCH = 28;
/** `si_code` of the SIGCHLD that tells a parent of it; that it goes on is 6. */
const CLD_STOPPED = 5;
const ESC = 0x1b;
const BEL = 0x07;

/** Lines of the terminal programs into events. They carry totals; what is passed on are the differences. */
export class TerminalTranslator {
  private readonly totals = new Map<number, { writes: number; bytes: number }>();

  constructor(
    private readonly time_ms: (nsecs: number) => number,
    private readonly deliver: (event: TerminalEvent) => void,
  ) {}

  /** False when the line is none of a terminal program's. */
  line(line: Line): boolean {
    const [first, second, third, fourth, fifth] = line.numbers as [number, number, number, number, number];
    switch (line.kind) {
      case 'W':
        this.output(first, second, third, fourth, fifth);
        return true;
      case 'S':
        this.deliver({
          type: 'osc',
          time_ms: this.time_ms(line.nsecs),
          pid: first,
          tty: outputTty(second),
          text: oscText(line.bytes),
        });
        return true;
      case 'K':
        this.deliver({
          type: 'key',
          time_ms: this.time_ms(line.nsecs),
          tty: keyTty(textBeforeNul(line.bytes)),
          group: third,
          bytes: first,
          enter: (second & 1) !== 0,
          escape: (second & 2) !== 0,
        });
        return true;
      case 'R':
        this.signalled(this.time_ms(line.nsecs), first, second);
        return true;
      default:
        return false;
    }
  }

  private signalled(time_ms: number, pid: number, what: number): void {
    if (what === SIGWINCH) this.deliver({ type: 'resize', time_ms, pid });
    else this.deliver({ type: 'run_state', time_ms, pid, stopped: what === CLD_STOPPED });
  }

  /** The totals of all agents: `pid,field` with field 0 writes, 1 bytes, 2 time of the last one, 3 its terminal. */
  map(name: string, entries: ReadonlyMap<string, number>): void {
    if (name !== '@totals') return;
    for (const [key, writes] of entries) {
      const [pid, field] = key.split(',').map(Number) as [number, number];
      if (field !== 0 || !Number.isInteger(pid) || pid <= 0) continue;
      const bytes = entries.get(`${pid},1`);
      const last = entries.get(`${pid},2`);
      const index = entries.get(`${pid},3`);
      // Not there yet: it was printed in the midst of its first write.
      if (bytes !== undefined && last !== undefined && index !== undefined)
        this.output(pid, index, writes, bytes, last);
    }
  }

  /** The program starts anew: its totals begin at zero again. */
  restart(): void {
    this.totals.clear();
  }

  /** Forget processes that nobody watches any more. */
  keep(pids: ReadonlySet<number>): void {
    for (const pid of this.totals.keys()) {
      if (!pids.has(pid)) this.totals.delete(pid);
    }
  }

  private output(pid: number, index: number, writes: number, bytes: number, last: number): void {
    const before = this.totals.get(pid) ?? { writes: 0, bytes: 0 };
    if (writes <= before.writes) return; // older than what is known
    this.totals.set(pid, { writes, bytes });
    this.deliver({
      type: 'output',
      time_ms: this.time_ms(last),
      pid,
      tty: outputTty(index),
      writes: writes - before.writes,
      bytes: Math.max(0, bytes - before.bytes),
    });
  }
}

/** Without the ESC or BEL that ends it. */
function oscText(bytes: Buffer): string {
  let end = bytes.length;
  const last = bytes[end - 1];
  if (end > 2 && (last === ESC || last === BEL)) end--;
  return bytes.toString('utf8', 0, end);
}

function outputTty(index: number): string {
  return index < OTHER_TERMINALS ? `pts/${index}` : (ttyName(index - OTHER_TERMINALS) ?? 'tty');
}

/** The kernel says `pts3`; below /dev it is `pts/3`. */
function keyTty(name: string): string {
  return name.replace(/^pts(\d+)$/, 'pts/$1');
}
