import { processKey } from '../../lib/process/identity.js';
import { printable } from '../../lib/text/printable.js';
import type { Work } from '../../lib/time/in-turns.js';
import { inSlices } from '../../lib/time/slices.js';
import type {
  ActionRecord,
  ActionResult,
  ActionType,
  AuditLog,
  Facts,
  Mode,
  ProcessOutcome,
  Requester,
  Step,
  Verdict,
} from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import type { ProcessRef, SessionRef } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';
import { mergeSteps, targetsOf } from '../plan/merge.js';
import { type Protection, whyProtected } from '../plan/protection.js';
import { describeStep, nameOf } from '../plan/words.js';
import { mayAct } from '../requester.js';
import { CgroupFreezer } from './cgroup-freezer.js';
import { type Effects, perform } from './perform.js';

export interface ExecutorOptions extends Effects {
  audit: AuditLog;
  grace_ms(): number;
  dry_run(): boolean;
  mode(): Mode;
  admin_gid: number | null;
  protection(view: ProcessView): Protection;
  stopping: AbortSignal;
}

/** Each looks at its processes all the time until they are gone: of one user, and of all but root, no more at a time. */
const MAX_OF_USER = 4;
const MAX_OF_USERS = 16;

/** What is about to be done, and why. */
export interface Order {
  requester: Requester;
  type: ActionType;
  verdict: Verdict;
  alert: Alert | null;
}

/**
 * Does what was allowed: first the record, then the deed, then the result. What cannot be recorded is not
 * done, and no process is in two hands at a time.
 */
export class Executor {
  private readonly busy = new Set<string>();
  private readonly running = new Set<Promise<ActionResult>>();
  /** By the uid of who wants them; root's are not counted. */
  private readonly ofUsers = new Map<number, number>();

  constructor(private readonly options: ExecutorOptions) {}

  async execute(order: Order): Promise<ActionResult> {
    const steps = mergeSteps(order.verdict.steps);
    const targets = targetsOf(steps);
    const taken = targets.find(target => this.busy.has(processKey(target)));
    if (taken !== undefined) return this.refuse(`${nameOf(taken)} is being ended already`);
    if (this.options.stopping.aborted) return this.refuse('vigil is ending');
    const uid = order.requester.kind === 'person' && order.requester.uid !== 0 ? order.requester.uid : null;
    if (uid !== null && !this.hasRoomFor(uid))
      return this.refuse('other actions are under way: wait until they have ended');
    this.count(uid, 1);
    for (const target of targets) this.busy.add(processKey(target));
    const running = this.recorded(order, steps);
    this.running.add(running);
    try {
      return await running;
    } finally {
      this.running.delete(running);
      this.count(uid, -1);
      for (const target of targets) this.busy.delete(processKey(target));
    }
  }

  private hasRoomFor(uid: number): boolean {
    let all = 0;
    for (const count of this.ofUsers.values()) all += count;
    return (this.ofUsers.get(uid) ?? 0) < MAX_OF_USER && all < MAX_OF_USERS;
  }

  private count(uid: number | null, change: number): void {
    if (uid === null) return;
    const count = (this.ofUsers.get(uid) ?? 0) + change;
    if (count === 0) this.ofUsers.delete(uid);
    else this.ofUsers.set(uid, count);
  }

  /** Resolves when everything that is under way is recorded. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private async recorded(order: Order, steps: readonly Step[]): Promise<ActionResult> {
    const { audit } = this.options;
    const record = await this.record(order, steps);
    let id: number;
    try {
      id = await audit.begin(record);
    } catch (error) {
      return this.refuse(`nothing was done, because it could not be recorded: ${messageOf(error)}`);
    }
    let result: ActionResult;
    try {
      result = record.dry_run ? this.pretend(steps) : await this.carryOut(steps, order.requester);
    } catch (error) {
      result = this.result('failed', [], null, messageOf(error));
    }
    try {
      await audit.finish(id, result);
      return result;
    } catch (error) {
      return { ...result, message: `${result.message} (not recorded: ${messageOf(error)})` };
    }
  }

  private async record(order: Order, steps: readonly Step[]): Promise<ActionRecord> {
    const { options } = this;
    const first = targetsOf(steps)[0];
    return {
      time_ms: options.now(),
      alert_id: order.alert?.id ?? null,
      rule: order.alert?.rule ?? null,
      requester: order.requester,
      mode: options.mode(),
      dry_run: options.dry_run(),
      type: order.type,
      risk: order.verdict.risk,
      reason: order.verdict.reason,
      text: steps.map(describeStep).join('; '),
      steps,
      evidence: evidenceOf(order),
      session: sessionOf(order.alert, first === undefined ? null : options.look().resolve(first)),
      before: await inSlices(this.facts(steps)),
    };
  }

  refuse(message: string): ActionResult {
    return this.result('refused', [], null, message);
  }

  private async carryOut(steps: readonly Step[], requester: Requester): Promise<ActionResult> {
    const { options } = this;
    const processes: ProcessOutcome[] = [];
    const problems: string[] = [];
    for (const step of steps) {
      const done = await perform(step, {
        ...options,
        hold: ref => options.hold(ref),
        look: () => options.look(),
        // A machine that sleeps is no time in which a process could have complied.
        now: () => performance.now(),
        sleep: ms => options.sleep(ms),
        grace_ms: options.grace_ms(),
        // Its files stop whoever is in it: that is for those who may act on everybody.
        ...(requester.kind === 'person' &&
          mayAct(requester, 0, options.admin_gid) && { freezer: (path: string) => CgroupFreezer.open(path) }),
        admit: (process, view) => this.admits(process, view, requester, targetsOf(steps)),
      });
      processes.push(...done.processes);
      if (done.problem !== null) problems.push(done.problem);
    }
    const after = processes.length === 0 ? null : await inSlices(this.facts(steps));
    if (problems.length === 0) return this.result('done', processes, after, summary(processes));
    const some = processes.some(
      ({ fate }) => fate === 'terminated' || fate === 'killed' || fate === 'zombie',
    );
    return this.result(some ? 'partly' : 'failed', processes, after, problems.join('; '));
  }

  /** Who joins a tree or a group meanwhile is judged like those that were there. */
  private admits(
    process: LiveProcess,
    view: ProcessView,
    requester: Requester,
    targets: readonly ProcessRef[],
  ): boolean {
    const named = requester.kind === 'person' ? requester.named_pid : null;
    if (whyProtected(process, this.options.protection(view), named) !== null) return false;
    if (requester.kind === 'auto') return targets.some(target => target.uid === process.uid);
    return mayAct(requester, process.uid, this.options.admin_gid);
  }

  private pretend(steps: readonly Step[]): ActionResult {
    const processes = targetsOf(steps).map(
      (process): ProcessOutcome => ({ process, fate: 'dry_run', signals: [], took_ms: null, note: null }),
    );
    return this.result('dry_run', processes, null, 'dry run: nothing was done');
  }

  private *facts(steps: readonly Step[]): Work<Facts> {
    const view = this.options.look();
    const facts: Facts = { processes: 0, rss_bytes: 0 };
    yield* view.readAhead(targetsOf(steps).map(({ pid }) => pid));
    for (const target of targetsOf(steps)) {
      const live = view.resolve(target);
      if (live === null || live.state === 'Z' || live.state === 'X') continue;
      facts.processes++;
      facts.rss_bytes += live.rss_bytes;
    }
    return facts;
  }

  private result(
    outcome: ActionResult['outcome'],
    processes: ProcessOutcome[],
    after: Facts | null,
    message: string,
  ): ActionResult {
    return { time_ms: this.options.now(), outcome, processes, after, message };
  }
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 300);
}

function summary(processes: readonly ProcessOutcome[]): string {
  if (processes.length === 0) return 'done';
  const count = (fate: ProcessOutcome['fate']) => processes.filter(one => one.fate === fate).length;
  const parts: [number, string][] = [
    [count('terminated'), 'ended after SIGTERM'],
    [count('killed'), 'ended after SIGKILL'],
    [count('zombie'), 'dead but not collected by the parent'],
    [count('gone_before'), 'gone before'],
  ];
  return parts
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(', ');
}

function evidenceOf({ alert, verdict }: Order): string[] {
  const evidence = [verdict.reason];
  if (alert !== null) {
    evidence.push(`${alert.title}: ${alert.text}`);
    if (alert.subject.lineage !== null) evidence.push(alert.subject.lineage);
  }
  return evidence;
}

function sessionOf(alert: Alert | null, first: LiveProcess | null): SessionRef | null {
  return alert?.subject.session ?? first?.session ?? null;
}
