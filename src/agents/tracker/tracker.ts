import type { Ending, Transition } from '../../model/agent.js';
import type {
  Observation,
  ProcessObservation,
  SensorObservation,
  TranscriptObservation,
} from '../../model/observation.js';
import type { Recogniser } from '../agent-type.js';
import { conversationsOf, DORMANT_AFTER_MS, foremost, lastMoved } from './conversations.js';
import { describeEnding } from './ending.js';
import { ProcessMembership } from './membership.js';
import type { Unattached } from './pending.js';
import type { Resolution } from './resolution.js';
import { resolve } from './resolve.js';
import { addEvidence, evidence, isToolOf, isWatched, type Session } from './session.js';
import {
  observeBlockedRead,
  observeKey,
  observeOom,
  observeOsc,
  observeRegistry,
  observeRunState,
  observeTool,
  observeTranscript,
} from './signals.js';
import { type ResolveOptions, situationOf } from './situation.js';
import { applyOutput, applyResize, settleActivity } from './terminal-activity.js';

export interface TrackerOptions extends ResolveOptions {
  /** How long an exited agent stays listed. */
  exited_keep_ms: number;
}

type Change = Pick<Resolution, 'state' | 'reason' | 'evidence'>;

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
  private readonly processes: ProcessMembership;
  private readonly due = new Map<Session, number>();
  private now_ms = Number.NEGATIVE_INFINITY;
  private terminal_live = false;
  private keys_live = false;
  private out: Transition[] = [];

  constructor(
    private readonly options: TrackerOptions,
    recognise: Recogniser,
  ) {
    this.processes = new ProcessMembership(recognise);
  }

  apply(observation: Observation): Transition[] {
    this.out = [];
    this.advanceTo(observation.time_ms);
    this.now_ms = Math.max(this.now_ms, observation.time_ms);
    const touched = this.applyOne(observation);
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
    return this.processes.sessions();
  }

  /** Processes that may hold a conversation later: their files will say so. */
  dormant(): Session[] {
    return this.processes.dormant();
  }

  /** The session that a process belongs to: its main process, or any other of its processes; or that of this number. */
  find(pid: number): Session | undefined {
    return this.processes.sessionOf(pid) ?? this.processes.sessions().findLast(({ id }) => id === pid);
  }

  /** The same, by what its agent calls its conversation, or of several in that process the one that wants its person most. */
  findForPerson(pid: number, conversation?: string): Session | undefined {
    const known = this.find(pid);
    if (known === undefined || known.ending !== null) return known;
    const all = conversationsOf(known.server ?? known);
    return conversation === undefined ? foremost(all) : all.find(one => one.session_id === conversation);
  }

  /** True when the observation can matter to some agent: what a recording keeps. */
  concerns(observation: Observation): boolean {
    switch (observation.type) {
      case 'fork':
        return (
          this.processes.sessionOf(observation.ppid) !== undefined ||
          this.processes.isPending(observation.ppid)
        );
      case 'process':
        return (
          this.processes.recognises(observation.process) ||
          this.processes.sessionOf(observation.process.pid) !== undefined ||
          this.processes.sessionOf(observation.process.ppid) !== undefined ||
          this.processes.isPending(observation.process.pid) ||
          this.processes.isShared(observation.process.ppid)
        );
      case 'key':
        return this.processes.onTerminal(observation.tty, observation.group).length > 0;
      case 'clock':
      case 'sensor':
        return true;
      default:
        return (
          this.processes.sessionOf(observation.pid) !== undefined || this.processes.isPending(observation.pid)
        );
    }
  }

  /** Processes that are known as somebody's wrapper or server and are part of no session: whether they live, /proc tells. */
  unattached(): Unattached[] {
    return this.processes.unattached();
  }

  /** True when /proc must be asked about a process that just started another program. */
  wantsFacts(ppid: number): boolean {
    return this.processes.isShared(ppid);
  }

  /** The decision as it would be made now, for `explain`. */
  explain(session: Session): Resolution | null {
    return session.ending === null ? this.resolve(session) : null;
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
      if (first.ending !== null) this.processes.removeSession(first);
      else this.settle(first);
    }
  }

  /** Stores one observation; returns the sessions that must be resolved anew. */
  private applyOne(observation: Observation): Session[] {
    switch (observation.type) {
      case 'process':
        return this.applyProcess(observation);
      case 'fork':
        this.processes.fork(observation.ppid, observation.pid, observation.time_ms);
        return [];
      case 'exec': {
        const session = this.processes.exec(
          observation.pid,
          observation.argv,
          observation.path,
          observation.time_ms,
        );
        if (session !== undefined) observeTool(session, 'started', observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'exit':
        return this.applyExit(observation.pid, {
          code: observation.code,
          signal: observation.signal,
          sender: observation.sender,
        });
      case 'gone':
        return this.applyExit(observation.pid, { code: null, signal: null, sender: null });
      case 'oom': {
        const session = this.processes.sessionOf(observation.pid);
        if (session !== undefined) observeOom(session, observation.pid, observation.time_ms);
        return [];
      }
      case 'key': {
        const sessions = this.processes.onTerminal(observation.tty, observation.group);
        for (const session of sessions) observeKey(session, observation.enter, observation.time_ms);
        return sessions;
      }
      case 'resize': {
        const session = this.processes.speaker(observation.pid);
        if (session !== undefined) applyResize(session.signals.activity, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'output': {
        const session = this.processes.speaker(observation.pid);
        if (session === undefined) return [];
        const { activity } = session.signals;
        const since_ms = Math.min(observation.time_ms - (activity.last_output_ms ?? 0), LONGEST_OUTPUT_MS);
        const work_since_ms = session.state === 'WORKING' ? session.since_ms : null;
        const { wait_threshold_ms: wait_ms } = this.options;
        const sampled = observation.sampled === true;
        applyOutput(activity, observation.time_ms, { wait_ms, work_since_ms, sampled });
        const spinner_bytes = MORE_THAN_A_SPINNER_BYTES * Math.max(1, since_ms / 100);
        if (observation.bytes > spinner_bytes) session.signals.progress_ms = observation.time_ms;
        return [session];
      }
      case 'osc': {
        const session = this.processes.speaker(observation.pid);
        if (session !== undefined) observeOsc(session, observation.text, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'registry': {
        const session = this.mainOf(observation.pid);
        if (session?.dormant && observation.entry?.session_id != null) session.dormant = false;
        const news =
          session !== undefined && observeRegistry(session, observation.entry, observation.time_ms);
        return news ? [session] : [];
      }
      case 'transcript':
        return this.applyTranscript(observation);
      case 'blocked_read': {
        const session = this.processes.speaker(observation.pid);
        if (session !== undefined) observeBlockedRead(session, observation.blocked, observation.time_ms);
        return session === undefined ? [] : [session];
      }
      case 'run_state': {
        const sessions = this.processes.conversationsOf(observation.pid);
        for (const one of sessions) observeRunState(one, observation.stopped, observation.time_ms);
        return sessions;
      }
      case 'sensor':
        return this.applySensor(observation);
      case 'clock':
        return [];
    }
  }

  private applyProcess(observation: ProcessObservation): Session[] {
    const known = this.processes.sessionOf(observation.process.pid);
    if (known?.pid === observation.process.pid && !this.processes.isStill(known, observation.process)) {
      this.end(known, { code: null, signal: null, sender: null });
    }
    const result = this.processes.apply(observation.process, observation.how, observation.time_ms);
    if (result === undefined) return [];
    const { session, isNew } = result;
    if (isNew) this.watchActivity(session, observation.time_ms);
    return [session];
  }

  private applyExit(pid: number, ending: Ending): Session[] {
    const session = this.processes.sessionOf(pid);
    if (session === undefined) {
      this.processes.removeProcess(pid);
      return [];
    }
    if (session.pid !== pid) {
      const member = this.processes.removeProcess(pid);
      if (member?.role !== 'tool') return [];
      const serves = member.serves ?? session;
      observeTool(serves, 'ended', this.now_ms);
      return [serves];
    }
    this.end(session, ending);
    return [];
  }

  /** A conversation's word; with the first one of it it begins, and it ends with its log. */
  private applyTranscript({ pid, entry, conversation, time_ms }: TranscriptObservation): Session[] {
    const server = this.mainOf(pid);
    if (server === undefined) return [];
    if (conversation === undefined || server.mode !== 'conversation') {
      observeTranscript(server, entry, time_ms);
      return [server];
    }
    if (entry === null) {
      const known = conversationsOf(server).find(one => one.conversation === conversation.id);
      if (known !== undefined) this.close(known, 'its conversation was closed: its log is gone');
      return [];
    }
    const { session, isNew, dropped } = this.processes.conversation(server, conversation, time_ms);
    if (dropped !== null) this.close(dropped, 'others in its process are newer');
    if (isNew) this.watchActivity(session, time_ms);
    observeTranscript(session, entry, time_ms);
    return [session];
  }

  /** It is over, or put away; its process, and what else that holds, goes on. */
  private close(session: Session, why: string): void {
    const server = session.server ?? session;
    const told = evidence('transcript', why, this.now_ms);
    this.due.delete(session);
    this.change(session, { state: 'EXITED', reason: 'exit', evidence: told });
    this.processes.endConversation(session);
    if (server.conversation !== null || server.dormant) return;
    // The process stands for itself again.
    server.since_ms = this.now_ms;
    this.settle(server);
  }

  private end(server: Session, ending: Ending): void {
    const all = conversationsOf(server);
    this.processes.endSession(server);
    for (const session of all) this.endOne(session, ending);
  }

  private endOne(session: Session, ending: Ending): void {
    const { reason, evidence } = describeEnding(session, ending, this.now_ms);
    session.ending = ending;
    // Editors also start a server just to ask it something: nothing ever told a state of it.
    const unused = session.mode === 'conversation' && session.state === 'UNKNOWN';
    if (session.dormant || unused) {
      this.due.delete(session);
      this.processes.removeSession(session);
      return;
    }
    this.change(session, { state: 'EXITED', reason, evidence });
    this.due.set(session, this.now_ms + this.options.exited_keep_ms);
  }

  private applySensor({ terminal, keys, time_ms, slept_ms = 0 }: SensorObservation): Session[] {
    for (const { signals } of this.processes.sessions()) signals.progress_ms += slept_ms;
    if (slept_ms === 0 && terminal === this.terminal_live && keys === this.keys_live) return [];
    this.terminal_live = terminal;
    this.keys_live = keys;
    const living = this.processes.sessions().filter(session => session.ending === null);
    for (const session of living) this.watchActivity(session, time_ms);
    return living;
  }

  private watchActivity(session: Session, time_ms: number): void {
    session.signals.activity.watched_since_ms = this.terminal_live && isWatched(session) ? time_ms : null;
    session.signals.activity.keys_seen = this.keys_live;
  }

  /** The session whose main process this is. */
  private mainOf(pid: number): Session | undefined {
    const session = this.processes.sessionOf(pid);
    return session?.pid === pid ? session : undefined;
  }

  /** Decides a living session anew. */
  private settle(session: Session): void {
    if (session.ending !== null || session.dormant) return;
    const resolution = this.resolve(session);
    if (resolution.until_ms === null) this.due.delete(session);
    else this.due.set(session, Math.max(resolution.until_ms, this.now_ms + 1));
    if (resolution.state !== session.state || resolution.reason !== session.reason)
      this.change(session, resolution);
    if (session.conversation !== null) this.closeIfDormant(session);
  }

  /** One of several that has been silent for long is not what its person is at; the latest stands for its process. */
  private closeIfDormant(session: Session): void {
    const moved_ms = lastMoved(session);
    const all = conversationsOf(session.server ?? session).filter(({ dormant }) => !dormant);
    if (!Number.isFinite(moved_ms)) return;
    const isLast = all.every(one => lastMoved(one) <= moved_ms);
    const due_ms = moved_ms + DORMANT_AFTER_MS;
    if (due_ms <= this.now_ms && !isLast) {
      this.close(session, 'nothing was said in its conversation for an hour');
      return;
    }
    // It may be the last no more by then.
    const again_ms = Math.max(due_ms, isLast ? this.now_ms + DORMANT_AFTER_MS / 10 : 0);
    this.due.set(session, Math.min(again_ms, this.due.get(session) ?? again_ms));
  }

  private resolve(session: Session): Resolution {
    settleActivity(session.signals.activity, this.now_ms, this.options.wait_threshold_ms);
    return resolve(situationOf(session, this.now_ms, this.options));
  }

  private change(session: Session, resolution: Change): void {
    const from = session.state;
    session.state = resolution.state;
    session.reason = resolution.reason;
    session.since_ms = this.now_ms;
    session.evidence = resolution.evidence;
    addEvidence(session, resolution.evidence);
    if (resolution.state === 'WORKING') session.has_worked = true;
    this.markBackground(session, from);
    this.out.push({
      time_ms: this.now_ms,
      pid: session.pid,
      ...(session.id === session.pid ? {} : { id: session.id }),
      ...(session.conversation === null ? {} : { conversation: session.conversation }),
      agent: session.type.name,
      from,
      to: resolution.state,
      reason: resolution.reason,
      evidence: resolution.evidence,
      ending: session.ending,
      tty: session.tty,
      cwd: session.cwd,
    });
  }

  /** Tools that outlive their turn are background work from then on. */
  private markBackground(session: Session, from: string): void {
    if (from !== 'WORKING' || session.state !== 'WAITING') return;
    if (session.reason !== 'done' && session.reason !== 'input') return;
    for (const member of session.members.values()) if (isToolOf(session, member)) member.background = true;
  }
}
