import { type Owner, Quota } from '../../lib/limits/quota.js';
import type { MachineEvent } from '../../model/snapshot.js';
import { type JournalEntry, parseEntry } from './entry.js';
import { type OomReason, parseOomChoice, parseOomKill, parseOomReason } from './oom.js';
import { type DaemonKill, isDryRun, OOM_DAEMON_UNITS, parseDaemonKill } from './oom-daemons.js';

/** systemd/sd-messages.h: SD_MESSAGE_UNIT_FAILURE_RESULT, SD_MESSAGE_UNIT_FAILED. */
const UNIT_FAILURE_RESULT = 'd9b373ed55a64feb8242e02dbe79a49c';
const UNIT_FAILED = 'be02cf6855d2428ba40df7e9d022f03d';
/** A line that holds one of these is looked at however many came before it. */
const IMPORTANT = [
  ...['oom-kill:', 'Killed process ', 'Kill process ', UNIT_FAILURE_RESULT, UNIT_FAILED],
  ...OOM_DAEMON_UNITS,
];

/** syslog(3): LOG_WARNING. */
const WARNING = 4;
/** Kept of each kind from one sample to the next. */
const MAX_MESSAGES = 100;
const MAX_IMPORTANT = 200;
/** Before a kill the kernel writes what it saw, some eighty lines within this time. */
const DUMP_MS = 2_000;
/** systemd's two words on one failure come within milliseconds, and yet perhaps to two samples. */
const SAME_FAILURE_MS = 10_000;
/** Reasons that wait for the kill that follows them. */
const MAX_REASONS = 64;

/**
 * Turns lines of the journal into events: out-of-memory kills, failed units, and other messages of at least a
 * warning, bounded between two calls of `drain()`.
 */
export class JournalDigest {
  private messages: MachineEvent[] = [];
  private important: MachineEvent[] = [];
  private room = new Quota(MAX_IMPORTANT);
  /** Failures of this interval and of the one before, until their second word came. */
  private failures = new Map<string, number>();
  private failuresBefore = new Map<string, number>();
  private readonly reasons = new Map<number, OomReason>();
  /** Pid; 0: nobody. */
  private chosenInCgroup = 0;
  private lastDaemonKill: { unit: string; event: MachineEvent } | null = null;
  /** Until then what the kernel says belongs to a kill that is told of by itself. */
  private dumpUntil_ms = Number.NEGATIVE_INFINITY;
  /** Messages that were left out, and lines that were none, since the start. */
  leftOut = 0;
  notUnderstood = 0;

  constructor(
    /** Of CLOCK_MONOTONIC to ms since the epoch. */
    private readonly fromMonotonic: (monotonic_ms: number) => number,
    private readonly ownPid: number,
  ) {}

  line(line: string): void {
    if (this.messages.length >= MAX_MESSAGES && !IMPORTANT.some(text => line.includes(text))) {
      this.leftOut++;
      return;
    }
    const entry = parseEntry(line);
    if (entry === null) this.notUnderstood++;
    else if (entry.pid !== this.ownPid) this.entry(entry);
  }

  drain(): MachineEvent[] {
    const events = [...this.important, ...this.messages];
    this.important = [];
    this.room = new Quota(MAX_IMPORTANT);
    this.failuresBefore = this.failures;
    this.failures = new Map();
    this.messages = [];
    return events;
  }

  private entry(entry: JournalEntry): void {
    const time_ms = this.fromMonotonic(entry.monotonic_ms);
    if (entry.from_kernel && this.kernel(entry, time_ms)) return;
    if (entry.from_manager !== null && this.manager(entry, entry.from_manager.uid, time_ms)) return;
    if (entry.from_system_unit !== null && this.daemon(entry.from_system_unit, entry.message, time_ms))
      return;
    if (entry.priority > WARNING) return;
    if (this.messages.length >= MAX_MESSAGES) {
      this.leftOut++;
      return;
    }
    const { priority, unit, identifier, pid, message } = entry;
    this.messages.push({ type: 'journal', time_ms, priority, unit, identifier, pid, message });
  }

  /** True when it was about an out-of-memory kill. */
  private kernel({ message }: JournalEntry, time_ms: number): boolean {
    const reason = parseOomReason(message);
    if (reason !== null) {
      if (this.reasons.size >= MAX_REASONS) this.reasons.clear();
      this.reasons.set(reason.pid, reason);
      return true;
    }
    // Until Linux 4.19 only the line before the kill says that it was a control group's limit.
    const chosen = parseOomChoice(message);
    if (chosen !== null) {
      this.chosenInCgroup = chosen.in_cgroup ? chosen.pid : 0;
      return true;
    }
    const kill = parseOomKill(message);
    if (kill === null) {
      if (message.includes(' invoked oom-killer: ')) this.dumpUntil_ms = time_ms + DUMP_MS;
      return time_ms < this.dumpUntil_ms;
    }
    this.dumpUntil_ms = Number.NEGATIVE_INFINITY;
    if (kill.pid === this.chosenInCgroup) kill.in_cgroup = true;
    this.chosenInCgroup = 0;
    const known = this.reasons.get(kill.pid);
    this.reasons.delete(kill.pid);
    const { pid, comm } = kill;
    const uid = known?.uid ?? kill.uid ?? 0;
    this.keep(uid, {
      type: 'oom_kill',
      time_ms,
      victim: { pid, start_ticks: 0, uid, comm, cmdline: `[${comm}]` },
      session: null,
      rss_bytes: kill.rss_bytes,
      cgroup: kill.in_cgroup ? (known?.cgroup ?? null) : null,
      ...scopeOf(message, kill, known),
      source: 'journal',
    });
    return true;
  }

  /** True when it was about a kill by one of the daemons that watch the memory. */
  private daemon(unit: string, message: string, time_ms: number): boolean {
    const kill = parseDaemonKill(unit, message);
    if (kill === null) {
      if (unit === this.lastDaemonKill?.unit && isDryRun(message)) this.takeBack(this.lastDaemonKill.event);
      return false;
    }
    const event = daemonEvent(kill, time_ms);
    this.lastDaemonKill = { unit, event };
    this.keep(kill.victim?.uid ?? null, event);
    return true;
  }

  private takeBack(event: MachineEvent): void {
    this.important = this.important.filter(other => other !== event);
  }

  /** True when it was about a unit that failed. A unit that fails to start is told of twice: once is enough. */
  private manager({ message_id, about }: JournalEntry, uid: number | null, time_ms: number): boolean {
    if (about === null || (message_id !== UNIT_FAILURE_RESULT && message_id !== UNIT_FAILED)) return false;
    const { unit, result } = about;
    const key = `${uid ?? ''} ${unit}`;
    if (message_id === UNIT_FAILED && this.isSecondWord(key, time_ms)) return true;
    if (message_id === UNIT_FAILURE_RESULT && this.room.hasRoomFor(uid)) this.failures.set(key, time_ms);
    this.keep(uid, { type: 'unit_failed', time_ms, unit, uid, result: result ?? 'failed' });
    return true;
  }

  private isSecondWord(key: string, time_ms: number): boolean {
    for (const failures of [this.failures, this.failuresBefore]) {
      const told_ms = failures.get(key);
      if (told_ms !== undefined && time_ms - told_ms < SAME_FAILURE_MS) return failures.delete(key);
    }
    return false;
  }

  private keep(owner: Owner, event: MachineEvent): void {
    if (this.room.take(owner)) this.important.push(event);
    else this.leftOut++;
  }
}

function daemonEvent({ by, victim, rss_bytes, cgroup }: DaemonKill, time_ms: number): MachineEvent {
  const { pid, comm, uid } = victim ?? { pid: 0, comm: '?', uid: null };
  return {
    type: 'oom_kill',
    time_ms,
    victim: { pid, start_ticks: 0, uid: uid ?? 0, comm, cmdline: pid === 0 ? '?' : `[${comm}]` },
    session: null,
    rss_bytes,
    cgroup,
    source: 'journal',
    by,
  };
}

/** What ran out, where no name of a control group says it. Older kernels say nothing but who was killed. */
function scopeOf(
  message: string,
  { in_cgroup }: { in_cgroup: boolean },
  reason: OomReason | undefined,
): { scope?: 'machine' | 'cgroup' } {
  if (in_cgroup) return reason?.cgroup ? {} : { scope: 'cgroup' };
  return message.startsWith('Out of memory') || reason !== undefined ? { scope: 'machine' } : {};
}
