import { type Owner, Quota } from '../../lib/limits/quota.js';
import { processKey } from '../../lib/process/identity.js';
import { atOnce, type Steps } from '../../lib/time/slices.js';
import type {
  HostSample,
  MachineEvent,
  ProcessRef,
  SessionRef,
  SessionSample,
  Snapshot,
} from '../../model/snapshot.js';
import { featuresOf } from '../processes/features.js';
import { type Baseline, baselineFigures } from '../statistics/baseline.js';
import { Series } from '../statistics/series.js';
import { MemoryPools } from './memory-pools.js';
import { ProcessTrack, type Windows } from './process-track.js';
import { nextUnclassified } from './unclassified.js';

/** How long an event is remembered, and how many of them. */
const EVENTS_KEPT_MS = 24 * 3_600_000;
const EVENTS_MAX = 500;
/** Processes that ended: who went down with whom. */
const EXITS_KEPT_MS = 20 * 60_000;
const EXITS_MAX = 500;
/** A mount that is missing for so long is forgotten; a list that could not be read loses none. */
const FILESYSTEM_KEPT_MS = 600_000;
/** Processes that are looked at in one step. */
const STEP = 128;
const SPACE_WINDOW_MS = 7_200_000;
const SPACE_POINTS = 120;
export const SPACE_SPACING_MS = SPACE_WINDOW_MS / SPACE_POINTS;

export interface HistoryOptions {
  windows: Windows;
  /** After a longer break between two snapshots nothing counts as having lasted. */
  gap_ms: number;
  baseline: Baseline;
  /** vigil's own pid: it and its children are never reported. */
  self_pid: number;
  /** Which of these processes no rule may report; asked once for each command line. Null: not decided in this time, ask again. */
  ignores(processes: readonly ProcessRef[]): readonly (boolean | null)[];
}

/** A filesystem over time. */
export interface FilesystemTrack {
  sample: HostSample['filesystems'][number];
  /** Free space of the last two hours. */
  available: Series;
  /** It could be written to at some time, so read-only is not its nature. */
  was_writable: boolean;
  seen_ms: number;
}

export interface Exit {
  time_ms: number;
  process: ProcessRef;
  session: SessionRef | null;
  cgroup: string | null;
}

/** An event and when it reached the rules. */
export type KeptEvent = MachineEvent & { seen_ms: number };

/**
 * What the rules know: the last snapshot and, of those before, as much as a rule needs, in memory that depends
 * on how many processes there are, never on how long vigil has been running.
 */
export class History {
  /** The last one; the rules run only when there is one. */
  snapshot!: Snapshot;
  /** Time of the one before, null where it does not exist or there was a gap. */
  before_ms: number | null = null;
  readonly filesystems = new Map<string, FilesystemTrack>();
  /** What memory is left, of the machine and below limits. */
  readonly pools = new MemoryPools();
  events: KeptEvent[] = [];
  exits: Exit[] = [];

  /** Those that rules may speak of. */
  watched: ProcessTrack[] = [];

  private readonly tracks = new Map<number, ProcessTrack>();
  /** Mounts that could be written to before the first snapshot, until they are seen. */
  private readonly onceWritable = new Set<string>();
  private readonly sessions = new Map<string, SessionSample>();
  /** Control group of the agent of a session, remembered beyond its death. */
  private readonly agentCgroups = new Map<string, string>();

  constructor(private options: HistoryOptions) {}

  /** From the next snapshot on. */
  configure(options: Pick<HistoryOptions, 'windows' | 'gap_ms'>): void {
    this.options = { ...this.options, ...options };
  }

  get baseline(): Baseline {
    return this.options.baseline;
  }

  add(snapshot: Snapshot): void {
    atOnce(this.steps(snapshot));
  }

  /** The same in steps: it is told of the whole snapshot only after the last. */
  *steps(snapshot: Snapshot): Steps<void> {
    const last_ms = (this.snapshot as Snapshot | undefined)?.time_ms;
    const gap = last_ms === undefined || snapshot.time_ms - last_ms > this.options.gap_ms;
    this.before_ms = gap ? null : last_ms;
    this.snapshot = snapshot;
    this.pools.add(snapshot, gap);
    yield* this.addProcesses(snapshot);
    this.addSessions(snapshot);
    this.addFilesystems(snapshot);
    this.addEvents(snapshot);
    this.baseline.learn(snapshot.time_ms, baselineFigures(snapshot.host));
  }

  /** Any process of the last snapshot, also those that no rule may report. */
  process(pid: number): ProcessTrack | undefined {
    return this.tracks.get(pid);
  }

  /** All of them. */
  all(): Iterable<ProcessTrack> {
    return this.tracks.values();
  }

  session(ref: SessionRef): SessionSample | undefined {
    return this.sessions.get(processKey(ref));
  }

  agentCgroup(ref: SessionRef): string | undefined {
    return this.agentCgroups.get(processKey(ref));
  }

  /** What no rule may report has changed: ask again about every process. */
  reconsider(): void {
    for (const track of this.tracks.values()) track.unclassified = true;
    atOnce(this.decide());
  }

  /** Somebody knows that what is mounted there could be written to once. */
  wasWritable(mount: string): void {
    const track = this.filesystems.get(mount);
    if (track === undefined) this.onceWritable.add(mount);
    else track.was_writable = true;
  }

  private *addProcesses({ time_ms, processes }: Snapshot): Steps<void> {
    const living = new Set<number>();
    for (const sample of processes) {
      living.add(sample.pid);
      if (living.size % STEP === 0) yield;
      let track = this.tracks.get(sample.pid);
      if (track !== undefined && track.sample.start_ticks !== sample.start_ticks) {
        this.ended(track, time_ms);
        track = undefined;
      }
      if (track === undefined) {
        track = new ProcessTrack(sample, time_ms);
        this.tracks.set(sample.pid, track);
      }
      track.update(sample, time_ms, this.before_ms, this.options.windows);
    }
    for (const [pid, track] of this.tracks) {
      if (living.has(pid)) continue;
      this.tracks.delete(pid);
      this.ended(track, time_ms);
    }
    this.exits = this.exits.filter(exit => time_ms - exit.time_ms < EXITS_KEPT_MS).slice(-EXITS_MAX);
    yield;
    yield* this.decide();
  }

  private ended({ sample }: ProcessTrack, time_ms: number): void {
    const { pid, start_ticks, uid, comm, cmdline, session, cgroup } = sample;
    this.exits.push({ time_ms, process: { pid, start_ticks, uid, comm, cmdline }, session, cgroup });
    if (this.exits.length > 2 * EXITS_MAX) this.exits = this.exits.slice(-EXITS_MAX);
  }

  private *decide(): Steps<void> {
    const chosen = nextUnclassified(this.tracks.values());
    for (let at = 0; at < chosen.length; at += STEP) {
      yield;
      // A pattern took too long: the others are for the next snapshot.
      if (!this.decideAbout(chosen.slice(at, at + STEP))) break;
    }
    this.watched = [];
    for (const track of this.tracks.values()) if (track.ignored === false) this.watched.push(track);
  }

  /** False: there was no time for all of them. */
  private decideAbout(chosen: readonly ProcessTrack[]): boolean {
    const answers = this.options.ignores(chosen.map(track => track.sample));
    chosen.forEach((track, index) => {
      const answer = answers[index];
      if (answer === null || answer === undefined) return;
      track.unclassified = false;
      track.features = featuresOf(track.sample);
      track.own = this.isOwn(track);
      track.ignored = track.own || answer;
    });
    return !answers.includes(null);
  }

  /**
   * vigil and what it started itself, such as bpftrace. Not what these start: a user's helper does what its user wants.
   * Nobody else can become a child of ours, whatever it calls itself.
   */
  private isOwn({ own, sample }: ProcessTrack): boolean {
    const { self_pid } = this.options;
    return own || sample.pid === self_pid || sample.ppid === self_pid;
  }

  private addSessions({ sessions }: Snapshot): void {
    this.sessions.clear();
    for (const session of sessions) {
      const key = processKey(session);
      this.sessions.set(key, session);
      const main = this.tracks.get(session.pid);
      if (main?.sample.start_ticks === session.start_ticks && main.sample.cgroup !== null) {
        this.agentCgroups.set(key, main.sample.cgroup);
      }
    }
    for (const key of this.agentCgroups.keys()) if (!this.sessions.has(key)) this.agentCgroups.delete(key);
  }

  private addFilesystems({ time_ms, host }: Snapshot): void {
    for (const sample of host.filesystems) {
      let track = this.filesystems.get(sample.mount);
      if (track === undefined || track.sample.device !== sample.device) {
        const available = new Series(SPACE_POINTS + 1, SPACE_SPACING_MS);
        // Once: what is mounted there later is something else.
        const was_writable = this.onceWritable.delete(sample.mount);
        track = { sample, available, was_writable, seen_ms: time_ms };
        this.filesystems.set(sample.mount, track);
      }
      track.sample = sample;
      track.seen_ms = time_ms;
      if (!sample.hung) track.available.add(time_ms, sample.available_bytes);
      if (!sample.read_only) track.was_writable = true;
    }
    for (const [mount, track] of this.filesystems) {
      if (time_ms - track.seen_ms > FILESYSTEM_KEPT_MS) this.filesystems.delete(mount);
    }
  }

  private addEvents({ time_ms, events }: Snapshot): void {
    for (const event of events)
      if (event.type !== 'journal') this.events.push({ ...event, seen_ms: time_ms });
    const room = new Quota(EVENTS_MAX);
    // The newest are kept.
    this.events = this.events
      .filter(event => time_ms - event.seen_ms < EVENTS_KEPT_MS)
      .reverse()
      .filter(event => room.take(ownerOf(event)))
      .reverse();
  }
}

/** Whose doing it may be. */
function ownerOf(event: KeptEvent): Owner {
  if (event.type === 'unit_failed') return event.uid;
  return event.type === 'oom_kill' && event.victim.pid > 0 ? event.victim.uid : null;
}
