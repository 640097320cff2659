import { isSame } from '../agents/tracker/membership.js';
import type { Session } from '../agents/tracker/session.js';
import { Tracker, type TrackerOptions } from '../agents/tracker/tracker.js';
import type { AgentHome } from '../agents/transcripts/agent-home.js';
import type { WordsReader } from '../agents/transcripts/reader.js';
import { WordsWatcher } from '../agents/transcripts/watcher.js';
import type { Recogniser } from '../agents/types/index.js';
import { FairRoom } from '../lib/limits/quota.js';
import type { Logger } from '../lib/log/logger.js';
import { nowTicks, ticksToEpochMs } from '../lib/os/boot.js';
import type { Users } from '../lib/os/users.js';
import { type Stat, ttyName } from '../lib/proc/stat.js';
import type { Work } from '../lib/time/in-turns.js';
import { loopPauses } from '../lib/time/loop-pauses.js';
import { inSlices, type Steps } from '../lib/time/slices.js';
import { type Clock, clock } from '../lib/time/time.js';
import type { Transition } from '../model/agent.js';
import type { ExecEvent, KernelEvent } from '../model/kernel-event.js';
import type { Observation, ProcessFacts, SensorObservation } from '../model/observation.js';
import { MAX_WATCHED, type Sensor } from '../sources/kernel/sensor.js';
import { readFacts, readLiving } from '../sources/procfs/read.js';
import { type Glimpse, Scanner } from '../sources/procfs/scan.js';

export interface MonitorOptions {
  /** `/proc`; another folder in tests. */
  procRoot: string;
  tracker: TrackerOptions;
  recognise: Recogniser;
  users: Users;
  /** Only this user's agents are watched; null: everybody's, which takes root. */
  onlyUid: number | null;
  logger: Logger;
  /** vigil's; another one in tests. */
  clock?: Clock;
  onTransition(transition: Transition, session: Session): void;
  /** Every observation that matters to an agent, in the order in which the tracker took it. */
  onObservation(observation: Observation): void;
  /** What became of an observation that could not be taken in; the next one is. Without it: the log. */
  onFault?(error: unknown): void;
  /** Reads the files of other users' agents; null: read them here. */
  readElsewhere(session: Session, home: AgentHome): WordsReader | null;
}

/**
 * A deadline is looked at this much later than it is due: events that happened before it may still be on
 * their way through the pipe, and they count first.
 */
const DEADLINE_SLACK_MS = 10;

/** The kernel's word on an exit may be on its way still, and it says more than that nobody is there. */
const LAST_WORD_MS = 1_000;

/** Processes that are read between two turns of the event loop, some 60 µs each. */
const PIECE = 32;

/** What the sensor tells of at this moment. */
type Senses = Pick<SensorObservation, 'terminal' | 'keys' | 'lifecycle'>;

/** A process as part of a session. */
interface Seat {
  session: Session;
  pid: number;
}

/**
 * Brings the sources together: kernel events, /proc and the agents' own files in, transitions out.
 * All judgement is the tracker's; this only fetches what it needs and hands over the time.
 */
export class AgentMonitor {
  readonly tracker: Tracker;
  private readonly words: WordsWatcher;
  private readonly scanner: Scanner;
  private sensor: Sensor | null = null;
  private readonly queue: Observation[] = [];
  private draining = false;
  private timer: NodeJS.Timeout | null = null;
  private timerDue_ms = Number.POSITIVE_INFINITY;
  private stopped = false;
  private scanning: Promise<void> | null = null;
  /** The next scan begins as if nothing were known. */
  private scanAll = false;
  private scanProblem: string | null = null;
  private sensorLive: Senses = { terminal: false, keys: false, lifecycle: false };
  private readonly clock: Clock;
  /** When /proc was last asked about an agent's main process. */
  private readonly looked_ms = new WeakMap<Session, number>();
  /** As far as the tracker knows of it. */
  private slept_ms: number;

  constructor(private readonly options: MonitorOptions) {
    this.clock = options.clock ?? clock;
    this.slept_ms = this.clock.slept_ms();
    this.tracker = new Tracker(options.tracker, options.recognise);
    this.scanner = new Scanner(options.procRoot, glimpse => this.wants(glimpse));
    this.words = new WordsWatcher({
      root: options.procRoot,
      users: options.users,
      clock: this.clock,
      emit: observation => this.feed(observation),
      log: (fields, message) => options.logger.warn(fields, message),
      elsewhere: options.readElsewhere,
    });
  }

  /** Hands over the sensor, whose set of watched agents is kept up to date from here on. */
  attach(sensor: Sensor): void {
    this.sensor = sensor;
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.words.close();
  }

  sessions(): Session[] {
    return this.tracker.sessions();
  }

  living(): Session[] {
    return this.tracker.sessions().filter(session => session.ending === null);
  }

  /** Takes in one observation and everything that follows from it. */
  feed(observation: Observation): void {
    if (this.stopped) return;
    loopPauses.endsSoon();
    if (!this.draining) this.noticeSleep();
    this.queue.push(observation);
    if (this.draining) return;
    this.draining = true;
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      try {
        this.take(next);
      } catch (error) {
        this.fault(error);
      }
    }
    this.draining = false;
    this.schedule();
  }

  /** One observation that nobody foresaw must not cost the deadlines of all agents. */
  private fault(error: unknown): void {
    const { onFault, logger } = this.options;
    if (onFault === undefined) logger.error({ err: error }, 'an observation could not be taken in');
    else onFault(error);
  }

  /** What the sensor tells of has changed; the rest of it is as before. */
  senses(change: Partial<Senses>): void {
    this.feed({ type: 'sensor', time_ms: this.clock.now(), ...this.sensorLive, ...change });
  }

  /**
   * Tells the tracker when the machine has slept, as a time in which nobody watched: silence and stillness in it
   * mean nothing. Timers stood still, too.
   */
  noticeSleep(): void {
    const slept_ms = this.clock.slept_ms() - this.slept_ms;
    if (slept_ms === 0) return;
    this.slept_ms += slept_ms;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.timerDue_ms = Number.POSITIVE_INFINITY;
    this.options.logger.info({ slept_s: Math.round(slept_ms / 1000) }, 'the machine slept');
    const { sensorLive: live, clock } = this;
    const time_ms = clock.now();
    const blind = { terminal: false, keys: false, lifecycle: live.lifecycle };
    this.feed({ type: 'sensor', time_ms: time_ms - slept_ms, ...blind, slept_ms });
    this.feed({ type: 'sensor', time_ms, ...live });
  }

  kernelEvent(event: KernelEvent): void {
    loopPauses.endsSoon();
    if (event.type === 'exec') this.executed(event);
    else this.feed(event);
  }

  /**
   * Looks at /proc for agents that came or went unnoticed, between everything else; resolves when that is done.
   * `all`: as if nothing were known. What cannot be looked at, for want of descriptors, is as it was.
   */
  rescan(all: boolean): Promise<void> {
    this.scanAll ||= all;
    this.scanning ??= this.scanAndCheck().finally(() => {
      this.scanning = null;
    });
    return this.scanning;
  }

  /** What keeps it from looking at the processes, in words. */
  problems(): string[] {
    return this.scanProblem === null ? [] : [`cannot look at all processes: ${this.scanProblem}`];
  }

  private async scanAndCheck(): Promise<void> {
    do {
      if (this.scanAll) this.scanner.reset();
      this.scanAll = false;
      try {
        await inSlices(this.scanSteps());
        await inSlices(this.checkSteps());
        await inSlices(this.strangerSteps());
        this.scanProblem = null;
      } catch (error) {
        if (this.scanProblem === null)
          this.options.logger.warn({ err: error }, 'cannot look at all processes: those that are known stay');
        this.scanProblem = (error as Error).message;
      }
    } while (this.scanAll && !this.stopped);
  }

  private *scanSteps(): Steps<void> {
    for (const process of this.scanner.steps(nowTicks())) {
      if (process !== null) this.look(process);
      yield;
    }
  }

  /** Takes in what /proc says of a process at this moment. */
  private look(process: ProcessFacts): void {
    const time_ms = this.clock.now();
    this.feed({ type: 'process', time_ms, process, how: 'scan' });
    const session = this.tracker.find(process.pid);
    if (session?.pid === process.pid) this.looked_ms.set(session, time_ms);
  }

  /**
   * What a recording that begins now must begin with: every process of every living session, and what is
   * known of the sensor, so that its replay starts from the same agents.
   */
  *snapshot(): Work<Observation[]> {
    const members = () => this.living().flatMap(session => [...session.members.values()]);
    // A few at a time, and last, without a break, those that joined meanwhile. A pid may be another's by then.
    const read = new Map<object, ProcessFacts | null>();
    for (const [i, member] of members().entries()) {
      read.set(member, this.facts(member.pid));
      if (i % PIECE === PIECE - 1) yield;
    }
    const time_ms = this.clock.now();
    const facts = members()
      .map(member => read.get(member) ?? this.facts(member.pid))
      .filter(process => process !== null)
      .sort((a, b) => a.start_ticks - b.start_ticks || a.pid - b.pid);
    return [
      { type: 'sensor', time_ms, ...this.sensorLive },
      ...facts.map(process => ({ type: 'process', time_ms, process, how: 'scan' }) as const),
    ];
  }

  /**
   * Ends sessions, and forgets members, whose processes are gone without an exit event. Sees who lost its
   * terminal and lives on, as Gemini CLI does.
   */
  private *checkSteps(): Steps<void> {
    const gone: Seat[] = [];
    for (const session of this.living()) {
      for (const pid of session.members.keys()) {
        if (this.isThere({ session, pid })) yield;
        else gone.push({ session, pid });
      }
    }
    this.miss(gone);
  }

  /** The same for the main process of one session. */
  checkAlive(session: Session): void {
    const seat = { session, pid: session.pid };
    if (!this.isThere(seat)) this.miss([seat]);
  }

  private isThere({ session, pid }: Seat): boolean {
    const { procRoot } = this.options;
    const stat = readLiving(procRoot, pid);
    if (isGone({ session, pid }, stat)) return false;
    if (pid === session.pid && stat !== null && ttyName(stat.tty_nr) !== session.tty) {
      const process = readFacts(procRoot, pid);
      if (process !== null) this.look(process);
    }
    return true;
  }

  private miss(gone: readonly Seat[]): void {
    if (gone.length === 0) return;
    const giveUp = () => void inSlices(this.giveUp(gone)).catch(() => {});
    if (this.sensorLive.lifecycle) setTimeout(giveUp, LAST_WORD_MS).unref();
    else giveUp();
  }

  /** Wrappers and servers of no session: what has their pid now may be somebody else. */
  private *strangerSteps(): Steps<void> {
    for (const known of this.tracker.unattached()) {
      yield;
      const stat = readLiving(this.options.procRoot, known.pid);
      if (stat !== null && isSame(known, stat.start_ticks, ticksToEpochMs(stat.start_ticks))) continue;
      this.feed({ type: 'gone', time_ms: this.clock.now(), pid: known.pid });
    }
  }

  private *giveUp(gone: readonly Seat[]): Steps<void> {
    for (const seat of gone) {
      const { session, pid } = seat;
      yield;
      if (session.ending !== null || !session.members.has(pid)) continue;
      if (isGone(seat, readLiving(this.options.procRoot, pid)))
        this.feed({ type: 'gone', time_ms: this.clock.now(), pid });
    }
  }

  private take(observation: Observation): void {
    if (!this.tracker.concerns(observation) || this.isForeign(observation)) return;
    if (observation.type === 'sensor') {
      const { terminal, keys, lifecycle } = observation;
      this.sensorLive = { terminal, keys, lifecycle };
    }
    this.options.onObservation(observation);
    const transitions = this.tracker.apply(observation);
    for (const transition of transitions) {
      const session = this.tracker.find(transition.pid);
      if (session !== undefined) this.options.onTransition(transition, session);
    }
    if (observation.type === 'process' || transitions.some(transition => transition.to === 'EXITED'))
      this.sync();
  }

  private isForeign(observation: Observation): boolean {
    const { onlyUid } = this.options;
    return onlyUid !== null && observation.type === 'process' && observation.process.uid !== onlyUid;
  }

  /** The set of living sessions may have changed. */
  private sync(): void {
    const living = this.living();
    this.words.sync(living);
    const watched = living.filter(session => session.interactive && session.tty !== null);
    // One user with very many agents comes behind the others: the sensor takes the first ones.
    const room = new FairRoom(2 * MAX_WATCHED);
    const behind: number[] = [];
    const first = new Set<number>();
    for (const { pid, uid } of watched) {
      if (room.take(uid)) first.add(pid);
      else behind.push(pid);
    }
    this.sensor?.watch(new Set([...first, ...behind]));
  }

  private executed(event: ExecEvent): void {
    const glimpses: Glimpse[] = [
      { pid: event.pid, ppid: event.ppid, exe: event.path, argv: event.argv },
      { pid: event.pid, ppid: event.ppid, exe: null, argv: event.argv },
    ];
    const session = this.tracker.find(event.pid);
    const candidate = glimpses.some(glimpse => this.isAgent(glimpse));
    // After a standstill events come behind a look at /proc: what the process was before is no news.
    const isMain = session?.pid === event.pid && session.ending === null;
    if (isMain && !candidate && event.time_ms < (this.looked_ms.get(session) ?? 0)) return;
    if (candidate || this.tracker.wantsFacts(event.ppid) || session?.pid === event.pid) {
      const facts = this.facts(event.pid, event.argv);
      if (facts !== null) {
        // A shell may have become its command since: what it was started as is what counts.
        const process = candidate ? facts : { ...facts, exe: event.path, argv: event.argv };
        this.feed({ type: 'process', time_ms: event.time_ms, process, how: 'exec' });
        return;
      }
    }
    this.feed(event);
  }

  /** Null: gone, or it cannot be told now; the next scan finds it. */
  private facts(pid: number, argv?: readonly string[]): ProcessFacts | null {
    try {
      return readFacts(this.options.procRoot, pid, argv);
    } catch {
      return null;
    }
  }

  private wants(glimpse: Glimpse): boolean {
    return (
      this.tracker.find(glimpse.ppid) !== undefined ||
      this.tracker.wantsFacts(glimpse.ppid) ||
      this.isAgent(glimpse)
    );
  }

  private isAgent(glimpse: Glimpse): boolean {
    return this.options.recognise({ ...UNKNOWN_PROCESS, ...glimpse }) !== null;
  }

  /** Deadlines mostly move away: a timer that comes too early is cheaper than setting it anew each time. */
  private schedule(): void {
    const due_ms = this.tracker.nextDeadline();
    if (due_ms === null || this.stopped || due_ms >= this.timerDue_ms) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timerDue_ms = due_ms;
    const delay_ms = Math.max(0, due_ms + DEADLINE_SLACK_MS - this.clock.now());
    this.timer = setTimeout(() => this.deadline(), Math.min(delay_ms, 2 ** 31 - 1));
  }

  private deadline(): void {
    this.timer = null;
    this.timerDue_ms = Number.POSITIVE_INFINITY;
    const due_ms = this.tracker.nextDeadline();
    if (due_ms === null || due_ms > this.clock.now() - DEADLINE_SLACK_MS) {
      this.schedule();
      return;
    }
    // What is waiting in the pipes is older than this deadline: let it in first.
    setImmediate(() => this.feed({ type: 'clock', time_ms: this.clock.now() - DEADLINE_SLACK_MS }));
  }
}

function isGone({ session, pid }: Seat, stat: Stat | null): boolean {
  if (pid === session.pid || stat === null) return stat?.start_ticks !== session.start_ticks;
  const member = session.members.get(pid);
  // Its pid may be another's by now: then it would bring strangers into the session.
  if (member === undefined) return false;
  const { start_ticks, since_ms } = member;
  return !isSame({ start_ticks, seen_ms: since_ms }, stat.start_ticks, ticksToEpochMs(stat.start_ticks));
}

const UNKNOWN_PROCESS: ProcessFacts = {
  pid: 0,
  ppid: 0,
  uid: 0,
  comm: '',
  exe: null,
  argv: [],
  is_copy: false,
  cwd: null,
  tty: null,
  stdin_tty: null,
  stdout_tty: null,
  start_ticks: 0,
  started_ms: 0,
};
