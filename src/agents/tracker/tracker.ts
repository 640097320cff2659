import { isTitle, parseOsc, plainTitle } from '../evidence/osc.js';
import { rhythmKey, rhythmOutput, rhythmResize, settleRhythm } from '../evidence/rhythm.js';
import type { Recogniser } from '../kinds/index.js';
import type { Ending, Evidence, Transition } from '../model.js';
import type {
  Observation,
  ProcessObservation,
  RegistryEntry,
  SensorObservation,
  TranscriptEntry,
} from '../observation.js';
import { type DecideOptions, type Decision, decide } from './decide.js';
import { Family } from './family.js';
import { remember, type Session } from './session.js';

export interface TrackerOptions extends DecideOptions {
  /** How long an exited agent stays listed. */
  exited_keep_ms: number;
}

/** More than a spinner draws within one output event (Claude some 100 bytes, Codex 130): text arrives. */
const MORE_THAN_A_SPINNER_BYTES = 400;

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
          this.family.sessionOf(observation.process.ppid) !== undefined
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
        return session === undefined ? [] : [this.progress(session, 'a tool started')];
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
        if (session === undefined) return [];
        if (session.pid === observation.pid) session.signals.oom_ms = observation.time_ms;
        remember(session, {
          source: 'lifecycle',
          text: `the OOM killer chose process ${observation.pid}`,
          time_ms: observation.time_ms,
        });
        return [];
      }
      case 'key': {
        const sessions = this.family.onTerminal(observation.tty);
        for (const session of sessions) {
          rhythmKey(session.signals.rhythm, observation.time_ms, observation.enter);
          if (observation.enter) this.progress(session, 'the Enter key was pressed');
        }
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
        rhythmOutput(session.signals.rhythm, observation.time_ms, this.options.wait_threshold_ms);
        if (observation.bytes > MORE_THAN_A_SPINNER_BYTES) session.signals.progress_ms = observation.time_ms;
        return [session];
      }
      case 'osc':
        return this.takeOsc(observation.pid, observation.text, observation.time_ms);
      case 'registry':
        return this.takeRegistry(observation.pid, observation.entry, observation.time_ms);
      case 'transcript':
        return this.takeTranscript(observation.pid, observation.entry, observation.time_ms);
      case 'blocked_read':
        return this.takeBlockedRead(observation.pid, observation.blocked, observation.time_ms);
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
      return member?.role === 'tool' ? [this.progress(session, 'a tool ended')] : [];
    }
    this.end(session, ending);
    return [];
  }

  private end(session: Session, ending: Ending): void {
    const oom = session.signals.oom_ms !== null;
    const reason = oom ? 'oom' : ending.signal !== null ? 'signal' : 'exit';
    const sender = ending.sender === null ? '' : ` from ${ending.sender.comm} (${ending.sender.pid})`;
    const text =
      reason === 'oom'
        ? 'the kernel killed it for want of memory'
        : ending.signal !== null
          ? `ended by signal ${ending.signal}${sender}`
          : ending.code !== null
            ? `exited with code ${ending.code}`
            : 'it is no longer there';
    const known = ending.signal !== null || ending.code !== null;
    const evidence: Evidence = { source: known ? 'lifecycle' : 'procfs', text, time_ms: this.now_ms };
    session.ending = ending;
    this.family.end(session);
    this.change(session, { state: 'EXITED', reason, evidence, rule: 'the process ended', until_ms: null });
    this.due.set(session, this.now_ms + this.options.exited_keep_ms);
  }

  private takeOsc(pid: number, text: string, time_ms: number): Session[] {
    const session = this.family.speaker(pid);
    if (session === undefined) return [];
    for (const osc of parseOsc(text)) {
      const words = isTitle(osc)
        ? session.kind.readTitle?.(osc.payload)
        : session.kind.readOsc?.(osc.code, osc.payload);
      if (isTitle(osc)) session.title = plainTitle(osc.payload) || null;
      if (!words) continue;
      const slot = isTitle(osc) ? 'title' : 'osc';
      const before = session.signals[slot];
      const repeats = slot === 'title' && before?.words.state === words.state;
      session.signals[slot] = { words, at_ms: repeats ? before.at_ms : time_ms, last_ms: time_ms };
      // The spinner is back: whatever it asked for has been answered, though that was not heard.
      if (
        slot === 'title' &&
        !repeats &&
        words.state === 'working' &&
        session.signals.osc?.words.state !== 'working'
      ) {
        session.signals.osc = null;
      }
      remember(session, { source: 'osc', text: words.text, time_ms });
    }
    return [session];
  }

  private takeRegistry(pid: number, entry: RegistryEntry | null, time_ms: number): Session[] {
    const session = this.family.sessionOf(pid);
    if (session === undefined || session.pid !== pid) return [];
    if (entry === null) {
      // It is taken away when the agent is about to end: what it said last holds until then.
      remember(session, { source: 'registry', text: 'its session file is gone', time_ms });
      return [];
    }
    if (entry.start_ticks !== null && entry.start_ticks !== session.start_ticks) {
      remember(session, {
        source: 'registry',
        text: 'ignored: its session file speaks of an earlier process with this pid',
        time_ms,
      });
      return [];
    }
    const before = session.signals.registry?.entry;
    session.session_id = entry.session_id ?? session.session_id;
    if (before?.status === entry.status && before?.waiting_for === entry.waiting_for) return [];
    session.signals.registry = { entry, at_ms: time_ms };
    const text = `its session file says ${entry.status ?? 'nothing'}${entry.waiting_for ? `: ${entry.waiting_for}` : ''}`;
    remember(session, { source: 'registry', text, time_ms });
    return [this.progress(session)];
  }

  private takeTranscript(pid: number, entry: TranscriptEntry, time_ms: number): Session[] {
    const session = this.family.sessionOf(pid);
    if (session === undefined || session.pid !== pid) return [];
    session.signals.transcript = { entry, at_ms: time_ms };
    session.session_id ??= entry.session_id;
    remember(session, {
      source: 'transcript',
      text: `its transcript says ${entry.phase.replace('_', ' ')}${entry.detail ? ` (${entry.detail})` : ''}`,
      time_ms,
    });
    return [this.progress(session)];
  }

  private takeBlockedRead(pid: number, blocked: boolean, time_ms: number): Session[] {
    const session = this.family.speaker(pid);
    if (session === undefined) return [];
    session.signals.blocked_since_ms = blocked ? (session.signals.blocked_since_ms ?? time_ms) : null;
    if (blocked) session.signals.reads_lines = true;
    remember(session, {
      source: 'blocked_read',
      text: blocked ? 'blocked in read() on its terminal' : 'no longer blocked in read()',
      time_ms,
    });
    return [session];
  }

  private takeSensor({ terminal, keys, time_ms }: SensorObservation): Session[] {
    if (terminal === this.terminal_live && keys === this.keys_live) return [];
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

  private progress(session: Session, text?: string): Session {
    session.signals.progress_ms = this.now_ms;
    if (text !== undefined)
      remember(session, {
        source: text.startsWith('a tool') ? 'children' : 'rhythm',
        text,
        time_ms: this.now_ms,
      });
    return session;
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
