import { isWatched, type Session } from '../../agents/tracker/session.js';
import type { Bus } from '../../bus.js';
import { orUnknown } from '../../lib/files/bounded-read.js';
import type { FaultLog } from '../../lib/log/faults.js';
import { writtenBytes } from '../../lib/proc/io.js';
import { onTick } from '../../lib/time/ticker.js';
import { now } from '../../lib/time/time.js';
import type { Module } from '../../model/module.js';
import type { Sensor } from '../../sources/kernel/sensor.js';
import { isBlockedOnTerminal } from '../../sources/procfs/blocked.js';
import { isStopped } from '../../sources/procfs/stopped.js';
import type { AgentMonitor } from './agent-monitor.js';
import type { AgentScan } from './agent-scan.js';

/** With the kernel's events a scan is only the safety net; without them, each second, it is how agents are found at all. */
const SAFETY_SCAN_MS = 30_000;
const PROCFS_SAMPLE_MS = 250;
const BLOCKED_SAMPLE_MS = 500;
/** Looked at only after so much silence: a program that draws does not sit in read(). */
const BLOCKED_AFTER_MS = 400;

export interface AgentSamplingOptions {
  monitor: AgentMonitor;
  scan: AgentScan;
  bus: Bus;
  sensor: Pick<Sensor, 'health'>;
  procRoot: string;
  faults: Pick<FaultLog, 'isolated'>;
}

/** What must be asked for because nothing announces it. */
export class AgentSampling implements Module {
  readonly name = 'sampling';
  private writes: NodeJS.Timeout | null = null;
  private endScans: (() => void) | null = null;
  private lifecycleLive = false;
  private readonly ends: (() => void)[] = [];
  private halfway: NodeJS.Timeout | null = null;
  private readonly written = new Map<number, number>();

  constructor(private readonly options: AgentSamplingOptions) {
    this.ends.push(
      options.bus.on(this.name, 'sensor.state', ({ lifecycle }) => {
        if (lifecycle !== undefined) this.lifecycle(lifecycle);
      }),
    );
  }

  start(): void {
    this.scan();
    this.sampleBlockedOften();
    this.ends.push(onTick(this.name, () => this.sampleWritesOften()));
    if (this.options.sensor.health().tier !== 'procfs') return;
    // Nothing of it comes from the kernel.
    this.options.monitor.senses({ terminal: true, keys: false, lifecycle: false });
  }

  /** Four times a second, while there is an agent that writes to somebody: an idle machine is left asleep. */
  private sampleWritesOften(): void {
    const wanted = this.options.monitor.living().some(session => this.isSampled(session));
    if (wanted === (this.writes !== null)) return;
    if (this.writes !== null) clearInterval(this.writes);
    const sample = this.isolated(() => this.sampleWrites());
    this.writes = wanted ? setInterval(sample, PROCFS_SAMPLE_MS) : null;
  }

  /** Whether the kernel tells of starts and ends now. A machine that boots takes many seconds to attach that program. */
  private lifecycle(live: boolean): void {
    this.lifecycleLive = live;
    if (this.endScans === null) return;
    if (live) void this.options.scan.rescan(false);
    this.scan();
  }

  stop(): void {
    if (this.writes !== null) clearInterval(this.writes);
    this.endScans?.();
    this.endScans = null;
    for (const end of this.ends) end();
    if (this.halfway !== null) clearTimeout(this.halfway);
  }

  /** Twice a second while there is an agent to ask about, else with the rest that happens each second. */
  private sampleBlockedOften(): void {
    this.ends.push(
      onTick(this.name, () => {
        this.options.monitor.noticeSleep();
        this.sampleRunState();
        this.sampleBlocked();
        if (this.halfway === null && this.options.monitor.living().some(isAsked)) this.sampleBlockedHalfway();
      }),
    );
  }

  private sampleBlockedHalfway(): void {
    const sample = this.isolated(() => {
      this.halfway = null;
      this.sampleBlocked();
    });
    this.halfway = setTimeout(sample, BLOCKED_SAMPLE_MS);
  }

  /**
   * Who was stopped by a signal or frozen, and who goes on. Of signals the kernel tells it of agents on terminals that it watches, unless their
   * parent does not want to know.
   */
  sampleRunState(): void {
    for (const session of this.options.monitor.living()) {
      const stopped = orUnknown(() => isStopped(this.options.procRoot, session.pid));
      if (typeof stopped === 'string' || stopped === (session.signals.stopped_since_ms !== null)) continue;
      this.options.monitor.feed({ type: 'run_state', time_ms: now(), pid: session.pid, stopped });
    }
  }

  /**
   * The classic evidence, for agents that read line by line: are they blocked in read() on their terminal?
   * Agents that draw all the time are never asked.
   */
  sampleBlocked(): void {
    for (const session of this.options.monitor.living()) {
      if (!isAsked(session)) continue;
      const { activity, blocked_since_ms } = session.signals;
      if (blocked_since_ms === null && now() - (activity.last_output_ms ?? 0) < BLOCKED_AFTER_MS) continue;
      const blocked = orUnknown(() => isBlockedOnTerminal(this.options.procRoot, session.pid));
      if (blocked === 'unknown') continue;
      if (blocked === (blocked_since_ms !== null)) continue;
      this.options.monitor.feed({ type: 'blocked_read', time_ms: now(), pid: session.pid, blocked });
    }
  }

  /** The activity without the kernel's help: bytes written to anything, from /proc/PID/io. */
  private sampleWrites(): void {
    for (const session of this.options.monitor.living()) {
      if (!this.isSampled(session)) continue;
      const written = orUnknown(() => writtenBytes(this.options.procRoot, session.pid));
      if (written === 'unknown') continue;
      if (written === null) {
        orUnknown(() => this.options.scan.checkAlive(session));
        continue;
      }
      const before = this.written.get(session.pid);
      this.written.set(session.pid, written);
      if (before === undefined || written <= before) continue;
      const tty = session.tty ?? '';
      this.options.monitor.feed({
        type: 'output',
        time_ms: now(),
        pid: session.pid,
        tty,
        sampled: true,
        writes: 1,
        bytes: written - before,
      });
    }
    if (this.written.size > 2 * this.options.monitor.living().length + 16) this.written.clear();
  }

  /** Of what is written on terminals the kernel tells, where it does; what goes through a pipe nobody does. */
  private isSampled(session: Session): boolean {
    const { tier } = this.options.sensor.health();
    return isWatched(session) && (session.mode !== 'terminal' || tier === 'procfs');
  }

  private scan(): void {
    this.endScans?.();
    const scan = this.isolated(() => void this.options.scan.rescan(false));
    if (this.lifecycleLive) {
      const timer = setInterval(scan, SAFETY_SCAN_MS);
      this.endScans = () => clearInterval(timer);
    } else this.endScans = onTick(this.name, scan);
  }

  /** Nobody calls a timer but the event loop: what fails there would be the daemon's end. */
  private isolated(sample: () => void): () => void {
    return this.options.faults.isolated(this.name, sample);
  }
}

function isAsked(session: Session): boolean {
  return session.mode === 'terminal' && session.type.voices.some(({ name }) => name === 'blocked_read');
}
