import type { Recogniser } from '../../agents/agent-type.js';
import { hostName, MAX_ANCESTORS } from '../../agents/recognition/host.js';
import { serversOf } from '../../agents/tracker/conversations.js';
import type { Session } from '../../agents/tracker/session.js';
import type { Tracker } from '../../agents/tracker/tracker.js';
import type { AgentPlace, AgentPlaces } from '../../agents/transcripts/agent-place.js';
import type { AgentFileReader } from '../../agents/transcripts/reader.js';
import { AgentFilesWatcher } from '../../agents/transcripts/watcher.js';
import type { Bus } from '../../bus.js';
import { Quota } from '../../lib/limits/quota.js';
import type { FaultLog } from '../../lib/log/faults.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Users } from '../../lib/os/users.js';
import { each, type Work } from '../../lib/time/in-turns.js';
import { loopPauses } from '../../lib/time/loop-pauses.js';
import { type Clock, clock } from '../../lib/time/time.js';
import type { ExecEvent, KernelEvent, SensorState } from '../../model/kernel-event.js';
import type { Module } from '../../model/module.js';
import type { Observation, ProcessFacts, SensorObservation } from '../../model/observation.js';
import { MAX_WATCHED, type Sensor } from '../../sources/kernel/sensor.js';
import { readFacts } from '../../sources/procfs/read.js';
import type { Glimpse } from '../../sources/procfs/scan.js';
import { DeadlineTimer } from './deadline-timer.js';

export interface AgentMonitorOptions {
  /** `/proc`; another folder in tests. */
  procRoot: string;
  tracker: Tracker;
  recognise: Recogniser;
  users: Users;
  /** Only this user's agents are watched; null: everybody's, which takes root. */
  onlyUid: number | null;
  logger: Logger;
  bus: Bus;
  /** An observation that could not be taken in is recorded there; the next one is taken in. */
  faults: Pick<FaultLog, 'record'>;
  /** Its set of watched agents is kept up to date. */
  sensor: Pick<Sensor, 'watch'>;
  /** vigil's; another one in tests. */
  clock?: Clock;
  /** Reads the files of other users' agents; null: read them here. */
  readElsewhere(session: Session, folder: string, place: AgentPlace): AgentFileReader | null;
  places: AgentPlaces;
}

/** What the sensor tells of at this moment. */
type Senses = Pick<SensorObservation, 'terminal' | 'keys' | 'lifecycle'>;

/**
 * Brings the sources together: kernel events, /proc and the agents' own files in, transitions out.
 * All judgement is the tracker's; this only fetches what it needs and hands over the time.
 */
export class AgentMonitor implements Module {
  readonly name = 'agents';
  readonly tracker: Tracker;
  private readonly files: AgentFilesWatcher;
  private readonly queue: Observation[] = [];
  private draining = false;
  private stopped = false;
  private readonly deadline: DeadlineTimer;
  private sensorLive: Senses = { terminal: false, keys: false, lifecycle: false };
  private readonly clock: Clock;
  /** When /proc was last asked about an agent's main process. */
  private readonly looked_ms = new WeakMap<Session, number>();
  /** As far as the tracker knows of it. */
  private slept_ms: number;
  private readonly ends: readonly (() => void)[];

  constructor(private readonly options: AgentMonitorOptions) {
    this.clock = options.clock ?? clock;
    this.slept_ms = this.clock.slept_ms();
    this.tracker = options.tracker;
    this.deadline = new DeadlineTimer(this.clock, this.tracker, time_ms =>
      this.feed({ type: 'clock', time_ms }),
    );
    this.files = new AgentFilesWatcher({
      root: options.procRoot,
      users: options.users,
      clock: this.clock,
      emit: observation => this.feed(observation),
      log: (fields, message) => options.logger.warn(fields, message),
      elsewhere: options.readElsewhere,
      place: session => options.places.of(session),
    });
    const { bus } = options;
    this.ends = [
      bus.on(this.name, 'kernel.event', event => this.kernelEvent(event)),
      bus.on(this.name, 'sensor.state', state => this.sensorState(state)),
      bus.on(this.name, 'agent.file_read', observation => this.feed(observation)),
    ];
  }

  stop(): void {
    this.stopped = true;
    for (const end of this.ends) end();
    this.deadline.stop();
    this.files.close();
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
        // One that nobody foresaw must not cost the deadlines of all agents.
        this.options.faults.record(this.name, error);
      }
    }
    this.draining = false;
    if (!this.stopped) this.deadline.schedule();
  }

  /** Whether the sensor tells of starts and ends of processes. */
  get hasLifecycle(): boolean {
    return this.sensorLive.lifecycle;
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
    this.deadline.stop();
    this.options.logger.info({ slept_s: Math.round(slept_ms / 1000) }, 'the machine slept');
    const { sensorLive: live, clock } = this;
    const time_ms = clock.now();
    const blind = { terminal: false, keys: false, lifecycle: live.lifecycle };
    this.feed({ type: 'sensor', time_ms: time_ms - slept_ms, ...blind, slept_ms });
    this.feed({ type: 'sensor', time_ms, ...live });
  }

  private sensorState({ lifecycle, terminal }: SensorState): void {
    if (lifecycle !== undefined) this.senses({ lifecycle });
    if (terminal !== undefined) this.senses({ terminal, keys: terminal });
  }

  private kernelEvent(event: KernelEvent): void {
    loopPauses.endsSoon();
    if (event.type === 'exec') this.executed(event);
    else this.feed(event);
  }

  /** Takes in what /proc says of a process at this moment. */
  look(process: ProcessFacts): void {
    const time_ms = this.clock.now();
    const latest = this.contradicts(process) ? (this.facts(process.pid) ?? process) : process;
    this.feed({ type: 'process', time_ms, process: this.withHost(latest), how: 'scan' });
    const session = this.tracker.find(process.pid);
    if (session?.pid === process.pid) this.looked_ms.set(session, time_ms);
  }

  /**
   * It is no agent, or another one, by what was read: that may have been begun before it started its program, and must not
   * overrule what the kernel has told of it since. vigil may have stood still in between.
   */
  private contradicts(process: ProcessFacts): boolean {
    const session = this.tracker.find(process.pid);
    if (session?.pid !== process.pid || session.ending !== null) return false;
    return this.options.recognise(process)?.type !== session.type;
  }

  /**
   * What a recording that begins now must begin with: every process of every living session, and what is
   * known of the sensor, so that its replay starts from the same agents.
   */
  *snapshot(): Work<Observation[]> {
    const members = () => serversOf(this.living()).flatMap(session => [...session.members.values()]);
    // A few at a time, and last, without a break, those that joined meanwhile. A pid may be another's by then.
    const read = new Map<object, ProcessFacts | null>();
    yield* each(members(), member => read.set(member, this.facts(member.pid)));
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

  private take(observation: Observation): void {
    if (!this.tracker.concerns(observation) || this.isForeign(observation)) return;
    if (observation.type === 'sensor') {
      const { terminal, keys, lifecycle } = observation;
      this.sensorLive = { terminal, keys, lifecycle };
    }
    const { bus } = this.options;
    bus.emit('agent.observation', observation);
    const asleep = observation.type === 'registry' && this.tracker.find(observation.pid)?.dormant;
    const transitions = this.tracker.apply(observation);
    if (asleep) this.lookAtWoken(observation.pid);
    for (const transition of transitions) {
      const session = this.tracker.find(transition.pid);
      if (session !== undefined) bus.emit('agent.transition', { transition, uid: session.uid });
    }
    if (observation.type === 'process' || transitions.some(transition => transition.to === 'EXITED'))
      this.sync();
  }

  /** It holds a conversation from now on: where, and on which terminal, its process shows. */
  private lookAtWoken(pid: number): void {
    const facts = this.tracker.find(pid)?.dormant === false ? this.facts(pid) : null;
    if (facts !== null) this.look(facts);
  }

  private isForeign(observation: Observation): boolean {
    const { onlyUid } = this.options;
    return onlyUid !== null && observation.type === 'process' && observation.process.uid !== onlyUid;
  }

  /** The set of living sessions may have changed. */
  private sync(): void {
    const living = this.living();
    this.files.sync([...living, ...this.tracker.dormant()]);
    const watched = living.filter(session => session.mode === 'terminal' && session.tty !== null);
    // One user with very many agents comes behind the others: the sensor takes the first ones.
    const room = new Quota(2 * MAX_WATCHED);
    const behind: number[] = [];
    const first = new Set<number>();
    for (const { pid, uid } of watched) {
      if (room.take(uid)) first.add(pid);
      else behind.push(pid);
    }
    this.options.sensor.watch(new Set([...first, ...behind]));
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
        // What was executed is a `#!` file where something else, its interpreter, runs.
        const script =
          event.path !== facts.exe && facts.argv.includes(event.path) ? { script: event.path } : {};
        const process = candidate ? { ...facts, ...script } : { ...facts, exe: event.path, argv: event.argv };
        this.feed({ type: 'process', time_ms: event.time_ms, process: this.withHost(process), how: 'exec' });
        return;
      }
    }
    this.feed(event);
  }

  /** Of a conversation, in which program its person sits: some 40 µs an ancestor. */
  private withHost(process: ProcessFacts): ProcessFacts {
    const match = this.options.recognise(process)?.match;
    if (match?.role !== 'main' || match.mode !== 'conversation') return process;
    const ancestors: ProcessFacts[] = [];
    for (let pid = process.ppid; pid > 1 && ancestors.length < MAX_ANCESTORS; ) {
      const facts = this.facts(pid);
      if (facts === null) break;
      ancestors.push(facts);
      pid = facts.ppid;
    }
    return { ...process, host: hostName(ancestors, one => this.isAgent({ pid: 0, ppid: 0, ...one })) };
  }

  /** Null: gone, or it cannot be told now; the next scan finds it. */
  private facts(pid: number, argv?: readonly string[]): ProcessFacts | null {
    try {
      return readFacts(this.options.procRoot, pid, argv);
    } catch {
      return null;
    }
  }

  /** Whether it is an agent, as far as so little tells. */
  isAgent(glimpse: Glimpse): boolean {
    return this.options.recognise({ ...UNKNOWN_PROCESS, ...glimpse }) !== null;
  }
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
