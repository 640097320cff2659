import type { Ending, Transition } from '../../model/agent.js';
import type { Observation, ProcessObservation, SensorObservation } from '../../model/observation.js';
import type { Recogniser } from '../types/index.js';
import { type DecideOptions, type Decision, decide } from './decide.js';
import { describeEnding } from './ending.js';
import { Family, type Waiting } from './membership.js';
import { remember, type Session } from './session.js';
import {
  hearBlockedRead,
  hearKey,
  hearOom,
  hearOsc,
  hearRegistry,
  hearTool,
  hearTranscript,
} from './signals.js';
import { rhythmOutput, rhythmResize, settleRhythm } from './terminal-activity.js';

export interface TrackerOptions extends DecideOptions {
  /** How long an exited agent stays listed. */
  exited_keep_ms: number;
}

/** More than a spinner draws within 100 ms (Claude some 100 bytes, Codex 130): text arrives. */
const MORE_THAN_A_SPINNER_BYTES = 400;
/** What one output event tells of goes back so far at most. */
const LONGEST_OUTPUT_MS = 300;

/**
 * From observations to the state of every agent. A pure reduction: no I/O, no clock of its own. The same
 * observations give the same transitions, whenever they are replayed.
 *
 * Time comes in with each observation and never runs backwards here; what is due before an observation is
 * settled first, so it does not matter how punctually `clock` observations arrive.
 */
export class Tracker {
  private readonly family: Family;
  private readonly due = new Map<Session, number>();
  private now_ms = Number.NEGATIVE_INFINITY;
  private terminal_live = false;
  private keys_live = false;
  private out: Transition[] = [];

  constructor(
    private readonly options: TrackerOptions,
    recognise: Recogniser,
  ) {
    this.family = new Family(recognise);
  }

  apply(observation: Observation): Transition[] {
    this.out = [];
    this.advanceTo(observation.time_ms);
    this.now_ms = Math.max(this.now_ms, observation.time_ms);
    const touched = this.take(observation);
    for (const session of touched) this.settle(session);
    return this.out;
  }

  /** When the next `clock` observation is needed; null: not before something happens. */
  nextDeadline(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const due_ms of this.due.values()) next = Math.min(next, due_ms);
    return Number.isFinite(next) ? next : null;
  }

  sessions(): Session[] {
    return this.family.sessions();
  }

  /** The session that a process belongs to: its main process, or any other of its processes. */
  find(pid: number): Session | undefined {
    return this.family.sessionOf(pid) ?? this.family.sessions().findLast(session => session.pid === pid);
  }

  /** True when the observation can matter to some agent: what a recording keeps. */
  concerns(observation: Observation): boolean {
    switch (observation.type) {
      case 'fork':
        return (
          this.family.sessionOf(observation.ppid) !== undefined || this.family.isPending(observation.ppid)
        );
      case 'process':
        return (
          this.family.recognises(observation.process) ||
          this.family.sessionOf(observation.process.pid) !== undefined ||
          this.family.sessionOf(observation.process.ppid) !== undefined ||
          this.family.isPending(observation.process.pid) ||
          this.family.isShared(observation.process.ppid)
        );
      case 'key':
      case 'resize':
        return this.family.onTerminal(observation.tty).length > 0;
      case 'clock':
      case 'sensor':
        return true;
      default:
        return this.family.sessionOf(observation.pid) !== undefined || this.family.isPending(observation.pid);
    }
  }

  /** Processes that are known as somebody's wrapper or server and are part of no session: whether they live, /proc tells. */
  waiting(): Waiting[] {
    return this.family.waiting();
  }

  /** True when /proc must be asked about a process that just started another program. */
  wantsFacts(ppid: number): boolean {
    return this.family.isShared(ppid);
  }

  /** The decision as it would be made now, for `explain`. */
  explain(session: Session): Decision | null {
    return session.ending === null ? this.decide(session) : null;
  }

  private advanceTo(time_ms: number): void {
    for (;;) {
      let first: Session | undefined;
      let first_ms = time_ms;
      for (const [session, due_ms] of this.due) {
        if (due_ms <= first_ms) {
          first = session;
          first_ms = due_ms;
        }
      }
      if (first === undefined) return;
      this.now_ms = Math.max(this.now_ms, first_ms);
      this.due.delete(first);
      if (first.ending !== null) this.family.remove(first);
      else this.settle(first);
    }
  }

  /** Takes in one observation; returns the sessions that must be decided anew. */
  private take(observation: Observation): Session[] {
    switch (observation.type) {
      case 'process':
        return this.takeProcess(observation);
      case 'fork':
        this.family.fork(observation.ppid, observation.pid, observation.time_ms);
        return [];
      case 'exec': {
        const session = this.family.exec(
          observation.pid,
          observation.argv,
          observation.path,
          observation.time_ms,
        );
        if (session !== undefined) hearTool(session, 'started', observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'exit':
        return this.takeExit(observation.pid, {
          code: observation.code,
          signal: observation.signal,
          sender: observation.sender,
        });
      case 'gone':
        return this.takeExit(observation.pid, { code: null, signal: null, sender: null });
      case 'oom': {
        const session = this.family.sessionOf(observation.pid);
        if (session !== undefined) hearOom(session, observation.pid, observation.time_ms);
        return [];
      }
      case 'key': {
        const sessions = this.family.onTerminal(observation.tty);
        for (const session of sessions) hearKey(session, observation.enter, observation.time_ms);
        return sessions;
      }
      case 'resize': {
        const sessions = this.family.onTerminal(observation.tty);
        for (const session of sessions) rhythmResize(session.signals.rhythm, observation.time_ms);
        return sessions;
      }
      case 'output': {
        const session = this.family.speaker(observation.pid);
        if (session === undefined) return [];
        const { rhythm } = session.signals;
        const since_ms = Math.min(observation.time_ms - (rhythm.last_output_ms ?? 0), LONGEST_OUTPUT_MS);
        rhythmOutput(rhythm, observation.time_ms, this.options.wait_threshold_ms);
        const spinner_bytes = MORE_THAN_A_SPINNER_BYTES * Math.max(1, since_ms / 100);
        if (observation.bytes > spinner_bytes) session.signals.progress_ms = observation.time_ms;
        return [session];
      }
      case 'osc': {
        const session = this.family.speaker(observation.pid);
        if (session !== undefined) hearOsc(session, observation.text, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'registry': {
        const session = this.mainOf(observation.pid);
        const news = session !== undefined && hearRegistry(session, observation.entry, observation.time_ms);
        return news ? [session] : [];
      }
      case 'transcript': {
        const session = this.mainOf(observation.pid);
        if (session !== undefined) hearTranscript(session, observation.entry, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'blocked_read': {
        const session = this.family.speaker(observation.pid);
        if (session !== undefined) hearBlockedRead(session, observation.blocked, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'sensor':
        return this.takeSensor(observation);
      case 'clock':
        return [];
    }
  }

  private takeProcess(observation: ProcessObservation): Session[] {
    const known = this.family.sessionOf(observation.process.pid);
    if (known?.pid === observation.process.pid && !this.family.isStill(known, observation.process)) {
      this.end(known, { code: null, signal: null, sender: null });
    }
    const result = this.family.see(observation.process, observation.how, observation.time_ms);
    if (result === undefined) return [];
    const { session, isNew } = result;
    if (isNew) this.watchRhythm(session, observation.time_ms);
    return [session];
  }

  private takeExit(pid: number, ending: Ending): Session[] {
    const session = this.family.sessionOf(pid);
    if (session === undefined) {
      this.family.forget(pid);
      return [];
    }
    if (session.pid !== pid) {
      const member = this.family.forget(pid);
      if (member?.role !== 'tool') return [];
      hearTool(session, 'ended', this.now_ms);
      return [session];
    }
    this.end(session, ending);
    return [];
  }

  private end(session: Session, ending: Ending): void {
    const { reason, evidence } = describeEnding(session, ending, this.now_ms);
    session.ending = ending;
    this.family.end(session);
    this.change(session, { state: 'EXITED', reason, evidence, rule: 'the process ended', until_ms: null });
    this.due.set(session, this.now_ms + this.options.exited_keep_ms);
  }

  private takeSensor({ terminal, keys, time_ms, slept_ms = 0 }: SensorObservation): Session[] {
    for (const { signals } of this.family.sessions()) signals.progress_ms += slept_ms;
    if (slept_ms === 0 && terminal === this.terminal_live && keys === this.keys_live) return [];
    this.terminal_live = terminal;
    this.keys_live = keys;
    const living = this.family.sessions().filter(session => session.ending === null);
    for (const session of living) this.watchRhythm(session, time_ms);
    return living;
  }

  private watchRhythm(session: Session, time_ms: number): void {
    session.signals.rhythm.watched_since_ms = this.terminal_live ? time_ms : null;
    session.signals.rhythm.keys_seen = this.keys_live;
  }

  /** The session whose main process this is. */
  private mainOf(pid: number): Session | undefined {
    const session = this.family.sessionOf(pid);
    return session?.pid === pid ? session : undefined;
  }

  /** Decides a living session anew. */
  private settle(session: Session): void {
    if (session.ending !== null) return;
    const decision = this.decide(session);
    if (decision.until_ms === null) this.due.delete(session);
    else this.due.set(session, Math.max(decision.until_ms, this.now_ms + 1));
    if (decision.state !== session.state || decision.reason !== session.reason)
      this.change(session, decision);
  }

  private decide(session: Session): Decision {
    settleRhythm(session.signals.rhythm, this.now_ms, this.options.wait_threshold_ms);
    return decide(session, this.now_ms, this.options);
  }

  private change(session: Session, decision: Decision): void {
    const from = session.state;
    session.state = decision.state;
    session.reason = decision.reason;
    session.since_ms = this.now_ms;
    session.evidence = decision.evidence;
    remember(session, decision.evidence);
    if (decision.state === 'WORKING') session.has_worked = true;
    this.markBackground(session, from);
    this.out.push({
      time_ms: this.now_ms,
      pid: session.pid,
      agent: session.kind.name,
      from,
      to: decision.state,
      reason: decision.reason,
      evidence: decision.evidence,
      ending: session.ending,
      tty: session.tty,
      cwd: session.cwd,
    });
  }

  /** Tools that outlive their turn are background work from then on. */
  private markBackground(session: Session, from: string): void {
    if (from !== 'WORKING' || session.state !== 'WAITING' || session.reason !== 'done') return;
    for (const member of session.members.values()) if (member.role === 'tool') member.background = true;
  }
}
