import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from '../lib/files/find-program.js';
import { ProcessSignaller } from '../lib/process/signal.js';
import { printable } from '../lib/text/printable.js';
import type { InTurns, Work } from '../lib/time/in-turns.js';
import { inSlices } from '../lib/time/slices.js';
import { now } from '../lib/time/time.js';
import type {
  ActionPlan,
  ActionProposal,
  ActionResult,
  ActionType,
  DiagnosedAction,
  Mode,
  Person,
  Requester,
  Scope,
  Verdict,
} from '../model/action.js';
import type { Alert, AlertChange } from '../model/alert.js';
import { refOf } from '../model/process-ref.js';
import type { ProcessRef, Snapshot } from '../model/snapshot.js';
import { Autopilot } from './autopilot.js';
import type { ActionsConfig } from './config.js';
import { type LiveSources, LiveView, liveSources, type ProcessView } from './live/live-view.js';
import { OURSELVES } from './live/process-index.js';
import type { EngineOptions } from './options.js';
import { FreshPlans } from './plan/fresh-plans.js';
import { fromDiagnosis } from './plan/from-diagnosis.js';
import { mergeVerdicts } from './plan/merge.js';
import { type Judged, makePlans } from './plan/plans.js';
import { judge, notYours, type PolicyContext, refused } from './plan/policy.js';
import { proposeFor } from './plan/proposals.js';
import type { Protection } from './plan/protection.js';
import { mayAct } from './requester.js';
import { Executor } from './run/executor.js';
import { HeldProcesses } from './run/held.js';
import { runCommand } from './run/run-command.js';

/** What a person asked for, by pid. */
export interface KillRequest {
  pid: number;
  /** As it was shown to the person; null: whoever has the pid now. */
  start_ticks: number | null;
  /** That process alone, its process group, it with its descendants, or all of its cgroup. */
  scope: Scope;
  /** SIGKILL at once. */
  force: boolean;
  by: Person;
}

/** Who wants to know what can be done. */
export interface Asker {
  /** Whose turn it takes to read all processes. */
  uid: number | null;
  /** What may be told of the machine. */
  snapshot: Snapshot | null;
  inTurns: InTurns;
}

/** What proposals are about: the only processes and the only service that they can name. */
export interface About {
  alert: Alert | null;
  meant: readonly ProcessRef[];
}

const MAX_PROPOSALS = 50;
/** Plans that can still be executed. */
const MAX_PLANS = 100;
/** How old the index of processes may be where nothing is done yet. */
const INDEX_AGE_MS = 1000;
/** It has been read for this very decision. */
const ANY_AGE = Number.POSITIVE_INFINITY;
const AUTO: Requester = { kind: 'auto' };
/** Open alerts that `auto` turns to when it is switched on. */
const MAX_OPEN = 100;

/**
 * Actions from the alert to the result: proposes, judges, executes, records. In mode `auto` it does what is
 * safe by itself; everything else waits for a person.
 */
export class ActionEngine {
  private config: ActionsConfig;
  private readonly held: HeldProcesses;
  private readonly executor: Executor;
  private readonly autopilot: Autopilot;
  private readonly fresh: FreshPlans;
  private readonly plans = new Map<number, { plan: ActionPlan; about: About }>();
  /** By id: a key may change. */
  private readonly open = new Map<number, Alert>();
  private readonly stopping = new AbortController();
  private readonly sources: LiveSources;
  private readonly systemctl: string | null;
  private readonly now: () => number;
  private lastPlan = 0;

  constructor(private readonly options: EngineOptions) {
    this.config = options.config;
    this.now = options.now ?? now;
    this.systemctl = options.systemctl === undefined ? findProgram('systemctl') : options.systemctl;
    this.held = new HeldProcesses(this.procRoot);
    this.sources = liveSources(this.procRoot);
    this.executor = new Executor({
      audit: options.audit,
      admin_gid: options.admin_gid,
      grace_ms: () => this.config.grace_s * 1000,
      dry_run: () => this.config.dry_run,
      mode: () => this.config.mode,
      protection: view => this.protection(view),
      hold: ref => this.held.take(ref),
      look: () => this.look(0),
      signaller: options.signaller ?? new ProcessSignaller(),
      run: options.run ?? runCommand,
      now: this.now,
      sleep: options.sleep ?? (ms => delay(ms)),
      stopping: this.stopping.signal,
    });
    this.fresh = new FreshPlans(alert => this.propose(alert), this.now);
    this.autopilot = new Autopilot({
      propose: alert => this.fresh.of(alert),
      execute: order => this.executor.execute(order),
      config: () => this.config,
      logger: options.logger,
      now: this.now,
    });
  }

  get mode(): Mode {
    return this.config.mode;
  }

  get paused(): boolean {
    return this.autopilot.paused;
  }

  /** Takes over what can change while it runs: all of it. */
  configure(config: ActionsConfig): void {
    this.config = config;
    this.fresh.forget();
    this.autopilot.configured();
    for (const alert of this.open.values()) this.consider(alert);
  }

  /** `auto` rests until `resume`; persons may still act. */
  pause(): void {
    this.autopilot.pause();
  }

  resume(): void {
    this.autopilot.resume();
  }

  /** Ends what is under way as it stands and lets go of everything. Resolves when the last result is recorded. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.autopilot.stop();
    await this.executor.settled();
    this.held.releaseAll();
  }

  /** Each change of an alert: holds the processes that it is about, and hands it to `auto`. */
  take({ type, alert }: AlertChange): void {
    if (type === 'alert_resolved') {
      this.open.delete(alert.id);
      this.held.release(alert.id);
      this.autopilot.forget(alert.id);
      return;
    }
    this.takeUp(alert);
  }

  /** An open alert, also one from before a restart: of that one there may be no change to hear of. */
  takeUp(alert: Alert): void {
    if (this.open.has(alert.id) || this.open.size < MAX_OPEN) this.open.set(alert.id, alert);
    this.consider(alert);
  }

  private consider(alert: Alert): void {
    if (this.config.mode === 'observe') return;
    this.held.hold(alert.id, alert.subject.processes);
    this.autopilot.take(alert);
  }

  /** Resolves when `auto` has done what it can do now. */
  settled(): Promise<void> {
    return this.autopilot.settled();
  }

  /** What can be done about the alert, best first. Deterministic, in every mode; nothing is done. */
  propose(alert: Alert, asker: Partial<Asker> = {}): Promise<ActionPlan[]> {
    const { inTurns = inSlices, uid = OURSELVES, snapshot = this.options.snapshot() } = asker;
    return inTurns(this.proposing(alert, uid, snapshot));
  }

  /** The same, at most a second old: what `auto` acts on and what a popup offers are one. */
  proposeAtNews(alert: Alert): Promise<ActionPlan[]> {
    return this.fresh.of(alert);
  }

  private *proposing(alert: Alert, uid: number | null, snapshot: Snapshot | null): Work<ActionPlan[]> {
    const meant = alert.subject.processes;
    yield* this.sources.index.refresh(INDEX_AGE_MS, uid);
    const view = this.look(ANY_AGE);
    yield* view.readAhead(meant.map(({ pid }) => pid));
    const about = { alert, meant };
    const proposed = proposeFor(alert, { view, snapshot, keep_newest: this.config.keep_newest });
    const judged = yield* this.judged(proposed.proposals, AUTO, this.context(about, view));
    return this.keep(about, makePlans(alert, judged, proposed, this.now()));
  }

  /**
   * What a diagnosis suggests, a plan for each action: of a model, of which nothing is believed. Only processes of the
   * question can be among its targets, and `auto` never takes them up.
   */
  planDiagnosis(
    diagnosed: readonly DiagnosedAction[],
    alert: Alert | null,
    { inTurns = inSlices, uid = OURSELVES }: Partial<Asker> = {},
  ): Promise<ActionPlan[]> {
    return inTurns(this.planning(diagnosed, alert, uid));
  }

  private *planning(
    diagnosed: readonly DiagnosedAction[],
    alert: Alert | null,
    uid: number | null,
  ): Work<ActionPlan[]> {
    const plans: ActionPlan[] = [];
    yield* this.sources.index.refresh(INDEX_AGE_MS, uid);
    const view = this.look(ANY_AGE);
    for (const one of diagnosed.slice(0, MAX_PROPOSALS)) {
      const meant = one.target.kind === 'processes' ? one.target.processes : [];
      yield* view.readAhead(meant.map(({ pid }) => pid));
      const about = { alert, meant };
      const proposals = fromDiagnosis(one);
      const said = { proposals, text: printable(one.explanation, 500), command: null };
      const judged = yield* this.judged(proposals, AUTO, this.context(about, view));
      plans.push(...this.keep(about, makePlans(alert, judged, said, this.now())));
    }
    return plans;
  }

  /** Executes a plan for a person, judged again at this moment. Somebody else's plan and none at all look the same. */
  async execute(planId: number, by: Person, inTurns: InTurns = inSlices): Promise<ActionResult> {
    await inTurns(this.sources.index.refresh(0, by.uid));
    const known = this.plans.get(planId);
    if (known === undefined || !this.mayKnow(by, known.about))
      return this.executor.refuse(`there is no plan ${planId}, or it is too old`);
    const { plan, about } = known;
    const requester: Requester = { ...personOf(by), named_pid: null };
    const judged = await inTurns(this.judgeAgain(plan, about, requester));
    const allowed = judged.map(({ verdict }) => verdict).filter(verdict => verdict.allowed);
    if (allowed.length === 0)
      return this.executor.refuse(judged[0]?.verdict.reason ?? 'there is nothing that vigil could do');
    const { alert } = about;
    return this.executor.execute({ requester, type: plan.type, verdict: mergeVerdicts(allowed), alert });
  }

  private *judgeAgain(plan: ActionPlan, about: About, requester: Requester): Work<Judged[]> {
    const view = this.look(ANY_AGE);
    yield* view.readAhead(about.meant.map(({ pid }) => pid));
    return yield* this.judged(plan.proposals, requester, this.context(about, view));
  }

  /** The machine's alerts are everybody's; what a plan about them may touch is judged by its processes. */
  private mayKnow(by: Person, { alert, meant }: About): boolean {
    const mayActOn = (uid: number) =>
      mayAct({ ...personOf(by), named_pid: null }, uid, this.options.admin_gid);
    if (alert !== null && alert.subject.uid === null) return true;
    return meant.some(({ uid }) => mayActOn(uid));
  }

  /** What `killByRequest` would do: `steps` name every process that it would hit. Nothing is done. */
  previewKill(request: KillRequest, inTurns: InTurns = inSlices): Promise<Verdict> {
    return inTurns(this.judgeKill(request, INDEX_AGE_MS));
  }

  async killByRequest(request: KillRequest, inTurns: InTurns = inSlices): Promise<ActionResult> {
    const verdict = await inTurns(this.judgeKill(request, 0));
    if (!verdict.allowed) return this.executor.refuse(verdict.reason);
    const requester = requesterOf(request);
    return this.executor.execute({ requester, type: typeOf(request), verdict, alert: null });
  }

  private *judgeKill(request: KillRequest, max_age_ms: number): Work<Verdict> {
    const { pid, scope, force, start_ticks } = request;
    const requester = requesterOf(request);
    if (scope === 'tree' || scope === 'group') yield* this.sources.index.refresh(max_age_ms, request.by.uid);
    const view = this.look(ANY_AGE);
    const live = view.find(pid);
    const isTheirs = live !== null && mayAct(requester, live.uid, this.options.admin_gid);
    if (!isTheirs) return refused(request.by.uid === 0 ? `there is no process ${pid}` : notYours(pid));
    if (start_ticks !== null && live.start_ticks !== start_ticks)
      return refused(`process ${pid} is gone: the number belongs to another one now`);
    // Where the kernel does not list its members they are looked for among all processes.
    const isListed = scope !== 'cgroup' || this.sources.cgroups.of(live.cgroup ?? '/', 0) !== null;
    if (!isListed) yield* this.sources.index.refresh(max_age_ms, request.by.uid);
    const proposal: ActionProposal = { type: typeOf(request), target: String(pid), scope, force };
    return yield* judge(proposal, requester, this.context({ alert: null, meant: [refOf(live)] }, view));
  }

  private *judged(
    proposals: readonly ActionProposal[],
    requester: Requester,
    context: PolicyContext,
  ): Work<Judged[]> {
    const judged: Judged[] = [];
    for (const proposal of proposals) {
      judged.push({ proposal, verdict: yield* judge(proposal, requester, context) });
      yield;
    }
    return judged;
  }

  private context({ alert, meant }: About, view: ProcessView): PolicyContext {
    return {
      ...this.protection(view),
      mode: this.config.mode,
      view,
      alert,
      meant,
      keep_newest: this.config.keep_newest,
      admin_gid: this.options.admin_gid,
      systemctl: this.systemctl,
    };
  }

  private protection(view: ProcessView): Protection {
    const own_pid = this.options.own_pid ?? process.pid;
    const above = new Set(view.ancestors(own_pid));
    return {
      isOwn: pid => above.has(pid) || view.ancestors(pid)[1] === own_pid,
      protected_pids: this.config.protected_pids,
      protected_commands: this.config.protected_commands,
      sessions: this.options.snapshot()?.sessions ?? [],
    };
  }

  /** @param max_age_ms how old the index may be at the first tree or group that is asked for */
  private look(max_age_ms: number): ProcessView {
    return new LiveView(this.procRoot, this.options.snapshot(), this.sources, max_age_ms);
  }

  private get procRoot(): string {
    return this.options.procRoot ?? '/proc';
  }

  private keep(about: About, drafts: readonly Omit<ActionPlan, 'id'>[]): ActionPlan[] {
    return drafts.map(draft => {
      const plan: ActionPlan = { id: ++this.lastPlan, ...draft };
      this.plans.set(plan.id, { plan, about });
      const oldest = this.plans.keys().next().value;
      if (this.plans.size > MAX_PLANS && oldest !== undefined) this.plans.delete(oldest);
      return plan;
    });
  }
}

function personOf({ uid, gid, groups }: Person): Person & { kind: 'person' } {
  return { kind: 'person', uid, gid, groups };
}

function typeOf({ scope }: KillRequest): ActionType {
  return scope === 'process' ? 'kill_process' : 'kill_group';
}

function requesterOf({ by, pid }: KillRequest): Requester {
  return { ...personOf(by), named_pid: pid };
}
