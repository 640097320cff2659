import type { Stat } from '../../lib/proc/stat.js';
import { processKey } from '../../lib/process/identity.js';
import type { ProcessHandle } from '../../lib/process/process-handle.js';
import type { Signaller, SignalName } from '../../lib/process/signal.js';
import { printable } from '../../lib/text/printable.js';
import { each, type Work } from '../../lib/time/in-turns.js';
import { inSlices } from '../../lib/time/slices.js';
import type { Fate, ProcessOutcome } from '../../model/action.js';
import { refOf } from '../../model/process-ref.js';
import type { ProcessRef } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';
import { Growth, type Whole } from '../plan/growth.js';
import type { CgroupFreezer } from './cgroup-freezer.js';

export interface TerminateOptions {
  targets: readonly ProcessRef[];
  whole: Whole;
  /** SIGKILL at once. */
  force: boolean;
  grace_ms: number;
  /** Null when the process is gone. The handle is this module's from then on. */
  hold(ref: ProcessRef): ProcessHandle | null;
  /** /proc as it is at the call. */
  look(): ProcessView;
  /** Whether a process that joined meanwhile may be signalled too. */
  admit(process: LiveProcess, view: ProcessView): boolean;
  signaller: Signaller;
  /** Null: there is no such control group, or it must not be touched. Without it none is frozen. */
  freezer?(path: string): CgroupFreezer | null;
  /** ms while the machine is awake, never going back. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** The daemon ends: nothing more is sent, and what is known by then is the answer. */
  stopping?: AbortSignal | undefined;
}

const POLL_MS = 50;
/** To look at one takes some 10 µs. */
const POLL_EACH_MS = 0.1;
/** Looking for new members reads all of /proc: that takes a sixth of the time at most, half of it where haste is needed. */
const LOOK_MS = 200;
const LOOK_REST = 5;
/** After SIGKILL the kernel needs a moment, with much memory to free a long one. */
const KILL_WAIT_MS = 3000;
/** A parent that collects its children does so at once. */
const COLLECT_MS = 300;
const MAX_MEMBERS = 10_000;
/** So many are no work but a storm, and stand still before they are ended. */
const STORM = 50;
/** Who forks faster than he is stopped is ended while he runs. */
const STANDSTILL_MS = 3000;
const STOP_AGAIN_MS = 10;

interface Member {
  ref: ProcessRef;
  handle: ProcessHandle | null;
  signals: SignalName[];
  /** By us. */
  stopped: boolean;
  first_ms: number;
  ended_ms: number | null;
  fate: Fate | null;
  note: string | null;
}

/**
 * Ends processes: SIGTERM once, `grace_ms` to comply, SIGKILL once for those that did not. Children that
 * are forked meanwhile share their fate where the scope includes them. Each process is looked at afterwards.
 *
 * Many, or those that are to be killed, stand still first: frozen with their control group where it is theirs alone,
 * else stopped again and again until nobody new comes. Otherwise a fork bomb makes more than are ended.
 */
export async function terminate(options: TerminateOptions): Promise<ProcessOutcome[]> {
  return inSlices(new Termination(options).work());
}

class Termination {
  private readonly members = new Map<string, Member>();
  private readonly growth: Growth;
  private looked_ms: number;
  /** How long the last look took. */
  private look_ms = 0;
  private freezer: CgroupFreezer | null = null;
  private frozen = false;

  constructor(private readonly options: TerminateOptions) {
    this.growth = new Growth(options.whole);
    this.looked_ms = options.now();
  }

  *work(): Work<ProcessOutcome[]> {
    try {
      return yield* this.run();
    } finally {
      yield* this.close();
    }
  }

  private *run(): Work<ProcessOutcome[]> {
    const { options } = this;
    // Everything is held before anything is signalled: the death of one must not free another's pid unseen.
    yield* each(options.targets, ref => this.add(ref));
    // Who is there before the first signal tells later who has come since.
    yield* this.join();
    if (options.whole.scope === 'cgroup' && options.whole.cgroup !== null)
      this.freezer = options.freezer?.(options.whole.cgroup) ?? null;
    if (!options.force) {
      if (this.members.size >= STORM) yield* this.standStill();
      yield* this.signalAll('SIGTERM');
      this.thaw();
      yield* this.wait(options.grace_ms, 'SIGTERM');
    }
    if ((yield* this.alive()).length > 0 && options.stopping?.aborted !== true) {
      yield* this.standStill();
      yield* this.join();
      const meant = yield* this.alive();
      if (this.frozen && this.freezer?.kill()) this.noteKilled(meant);
      else yield* this.signalAll('SIGKILL');
      // Its owner has thawed it: who was made since is stopped the other way.
      if (this.frozen && this.freezer?.isThawed()) {
        yield* this.stopAll();
        yield* this.signalAll('SIGKILL');
      }
      this.thaw();
      yield* this.wait(KILL_WAIT_MS, 'SIGKILL');
    }
    yield* this.collect();
    return yield* this.outcomes();
  }

  private *close(): Work<void> {
    this.thaw();
    this.freezer?.close();
    yield* each(this.members.values(), member => {
      // Whoever is left goes on.
      if (member.stopped && member.handle !== null) this.options.signaller.send(member.handle, 'SIGCONT');
      member.handle?.close();
    });
  }

  private *standStill(): Work<void> {
    if (this.options.whole.scope === 'process') return;
    if (!(yield* this.freeze())) yield* this.stopAll();
  }

  /** False, and all goes on: it cannot be frozen, or somebody is in it who may not be ended. */
  private *freeze(): Work<boolean> {
    const { freezer } = this;
    if (freezer === null) return false;
    this.frozen = true;
    let stands = false;
    yield freezer.freeze().then(all => {
      stands = all;
    });
    if (stands) {
      yield* this.join();
      const pids = freezer.pids();
      const ours = new Set((yield* this.alive()).map(({ ref }) => ref.pid));
      const onlyOurs = pids !== null && pids.length > 0 && pids.every(pid => ours.has(pid));
      if (onlyOurs && freezer.isFrozen()) return true;
    }
    this.thaw();
    return false;
  }

  private thaw(): void {
    if (this.frozen) this.freezer?.thaw();
    this.frozen = false;
  }

  /** Until all are stopped and nobody new has come, or the time is over. */
  private *stopAll(): Work<void> {
    const until_ms = this.options.now() + STANDSTILL_MS;
    for (;;) {
      yield* each(yield* this.alive(), member => this.stop(member));
      const joined = yield* this.join();
      if (!joined && !(yield* this.anyRuns())) return;
      if (this.options.now() >= until_ms || this.options.stopping?.aborted === true) return;
      yield this.options.sleep(Math.max(STOP_AGAIN_MS, this.look_ms));
    }
  }

  private *anyRuns(): Work<boolean> {
    let runs = false;
    yield* each(yield* this.alive(), ({ handle }) => {
      runs ||= !/^[TtD]$/.test(handle?.stat()?.state ?? 'T');
    });
    return runs;
  }

  private stop(member: Member): void {
    const { handle } = member;
    const stat = handle?.stat() ?? null;
    if (handle === null || stat === null || /^[TtZX]$/.test(stat.state) || !this.isOwner(member)) return;
    if (this.options.signaller.send(handle, 'SIGSTOP') === 'sent') member.stopped = true;
  }

  /** By the kernel, all at once. */
  private noteKilled(meant: readonly Member[]): void {
    for (const member of meant) {
      if (member.signals.length === 0) member.first_ms = this.options.now();
      member.signals.push('SIGKILL');
    }
  }

  /** Notes it when it is not any more. */
  private isOwner(member: Member): boolean {
    const uid = member.handle?.uid() ?? null;
    if (uid === null || uid === member.ref.uid) return true;
    member.fate = 'spared';
    member.note = `it runs as uid ${uid} now`;
    return false;
  }

  private add(ref: ProcessRef): Member | null {
    const key = processKey(ref);
    if (this.members.has(key) || this.members.size >= MAX_MEMBERS) return null;
    const member: Member = {
      ref,
      handle: null,
      signals: [],
      stopped: false,
      first_ms: 0,
      ended_ms: null,
      fate: null,
      note: null,
    };
    this.members.set(key, member);
    try {
      member.handle = this.options.hold(ref);
      if (member.handle === null) member.fate = 'gone_before';
    } catch (error) {
      member.fate = 'survived';
      member.note = `vigil could not hold it: ${printable((error as Error).message, 200)}`;
    }
    return member;
  }

  private *signalAll(signal: SignalName): Work<void> {
    yield* each(yield* this.alive(), member => this.signal(member, signal));
  }

  /** At most one of each kind. */
  private signal(member: Member, signal: SignalName): void {
    const { handle } = member;
    if (handle === null || member.fate !== null || member.signals.includes(signal)) return;
    const stat = handle.stat();
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return;
    if (!this.isOwner(member)) return;
    const result = this.options.signaller.send(handle, signal);
    if (result === 'gone') return;
    if (result !== 'sent') {
      member.fate = 'survived';
      member.note = result === 'denied' ? 'vigil may not signal it' : 'the kernel refused the signal';
      return;
    }
    if (member.signals.length === 0) member.first_ms = this.options.now();
    member.signals.push(signal);
    // A stopped process takes SIGTERM only when it goes on.
    if (signal === 'SIGTERM' && stat.state === 'T') {
      member.stopped = false;
      this.options.signaller.send(handle, 'SIGCONT');
    }
  }

  /** Until all are dead, or the time is over; who joins meanwhile gets the same signal. */
  private *wait(time_ms: number, signal: SignalName): Work<void> {
    const until_ms = this.options.now() + time_ms;
    for (;;) {
      if (this.options.stopping?.aborted === true) return;
      if ((yield* this.alive()).length === 0) {
        // The last of them may have left a child just now.
        if (!(yield* this.join())) return;
        yield* this.signalAll(signal);
      } else if (this.options.now() - this.looked_ms >= this.rest_ms && (yield* this.join()))
        yield* this.signalAll(signal);
      const left_ms = until_ms - this.options.now();
      if (left_ms <= 0) return;
      yield this.options.sleep(Math.min(Math.max(POLL_MS, POLL_EACH_MS * this.members.size), left_ms));
    }
  }

  private get rest_ms(): number {
    return Math.max(LOOK_MS, LOOK_REST * this.look_ms);
  }

  /** True when somebody joined. */
  private *join(): Work<boolean> {
    const { whole } = this.options;
    this.looked_ms = this.options.now();
    if (whole.scope === 'process') return false;
    const joined = yield* this.takeIn();
    this.look_ms = this.options.now() - this.looked_ms;
    return joined;
  }

  private *takeIn(): Work<boolean> {
    const view = this.options.look();
    const known = new Map([...this.members].map(([key, member]) => [key, member.ref]));
    let joined = false;
    yield* each(yield* this.growth.newMembers(known, view), process => {
      const admitted = this.options.admit(process, view);
      const member = this.add(refOf(process));
      if (member === null) return;
      if (admitted) joined = true;
      else {
        member.fate ??= 'spared';
        member.note = 'it joined meanwhile, and may not be signalled';
      }
    });
    return joined;
  }

  /** Those that may still run; notes when the others were seen dead. */
  private *alive(): Work<Member[]> {
    const alive: Member[] = [];
    yield* each(this.members.values(), member => {
      if (member.fate !== null || member.ended_ms !== null) return;
      const state = member.handle?.stat()?.state;
      if (state !== undefined && state !== 'Z' && state !== 'X') alive.push(member);
      else member.ended_ms = this.options.now();
    });
    return alive;
  }

  /** Gives parents the time to collect their dead. */
  private *collect(): Work<void> {
    const until_ms = this.options.now() + COLLECT_MS;
    while ((yield* this.anyZombie()) && this.options.now() < until_ms) yield this.options.sleep(POLL_MS);
  }

  private *anyZombie(): Work<boolean> {
    let found = false;
    yield* each(this.members.values(), ({ handle }) => {
      found ||= handle?.stat()?.state === 'Z';
    });
    return found;
  }

  private *outcomes(): Work<ProcessOutcome[]> {
    const view = this.options.look();
    const outcomes: ProcessOutcome[] = [];
    yield* view.readAhead([...this.members.values()].map(({ ref }) => ref.pid));
    yield* each(this.members.values(), member => outcomes.push(this.outcome(member, view)));
    return outcomes;
  }

  private outcome(member: Member, view: ProcessView): ProcessOutcome {
    const { ref, signals } = member;
    const stat = member.handle?.stat() ?? null;
    const fate = member.fate ?? fateOf(stat, signals);
    const took_ms =
      member.ended_ms === null || signals.length === 0 ? null : member.ended_ms - member.first_ms;
    const note = member.note ?? this.note(ref, fate, stat?.ppid ?? null, view);
    return { process: ref, fate, signals, took_ms, note };
  }

  private note(ref: ProcessRef, fate: Fate, ppid: number | null, view: ProcessView): string | null {
    if (fate === 'blocked') return 'it hangs in the kernel (state D) and ends when that lets go';
    if (fate === 'zombie') {
      const parent = ppid === null ? null : view.find(ppid);
      return `dead, but its parent ${printable(parent?.comm ?? 'unknown', 40)} (pid ${ppid}) does not collect it`;
    }
    if (fate === 'survived') return 'it is still there';
    const successor = view.find(ref.pid);
    return successor !== null && successor.start_ticks !== ref.start_ticks
      ? 'its pid belongs to another process now'
      : null;
  }
}

function fateOf(stat: Pick<Stat, 'state' | 'ppid'> | null, signals: readonly SignalName[]): Fate {
  if (stat !== null && stat.state !== 'Z' && stat.state !== 'X')
    return stat.state === 'D' && signals.includes('SIGKILL') ? 'blocked' : 'survived';
  // Init collects sooner or later, whatever it is in a container.
  if (stat !== null && stat.ppid > 1) return 'zombie';
  if (signals.length === 0) return 'gone_before';
  return signals.includes('SIGKILL') ? 'killed' : 'terminated';
}
