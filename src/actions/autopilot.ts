import { processKey } from '../lib/process/identity.js';
import type { ActionPlan, ActionResult } from '../model/action.js';
import type { Alert } from '../model/alert.js';
import type { ProcessRef } from '../model/snapshot.js';
import type { ActionsConfig } from './config.js';
import type { EngineOptions } from './options.js';
import { freshSteps, limitSteps, targetsOf } from './plan/merge.js';
import { RateLimit } from './rate-limit.js';
import type { Order } from './run/executor.js';

export interface AutopilotOptions {
  propose(alert: Alert): Promise<ActionPlan[]>;
  execute(order: Order): Promise<ActionResult>;
  config(): ActionsConfig;
  logger: EngineOptions['logger'];
  now(): number;
}

/** Processes that were acted on are remembered so long that none is acted on twice. */
const MAX_TRIED = 20_000;
const MAX_QUEUE = 1000;
/** What was refused for now (a full disk, a process in other hands) is tried again: after this, then twice that, … */
const AGAIN_MS = 15_000;
const MOST_AGAIN_MS = 600_000;

/** What became of an alert's turn: `limit`: there was no more room; `refused`: some of it could not be done now. */
type Turn = 'done' | 'limit' | 'refused';

/**
 * Mode `auto`: one alert after the other, within the rate limits. A process is acted on once; one that
 * survived is a matter for a person, not for another signal every few seconds. Only what was really done counts:
 * a dry run does not, nor does what was refused.
 */
export class Autopilot {
  /** By id. */
  private readonly queue = new Map<number, Alert>();
  private readonly tried = new Set<string>();
  /** A dry run has told of these; another configuration may mean it. */
  private readonly pretended = new Set<string>();
  /** By the alert's id: how often in a row it was refused, and when it is tried again. */
  private readonly refused = new Map<number, { times: number; again_ms: number }>();
  private limit: RateLimit;
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private resting = false;
  private stopped = false;

  constructor(private readonly options: AutopilotOptions) {
    const { max_per_minute, max_per_hour } = options.config();
    this.limit = new RateLimit(max_per_minute, max_per_hour);
  }

  get paused(): boolean {
    return this.resting;
  }

  pause(): void {
    this.resting = true;
  }

  resume(): void {
    this.resting = false;
    this.wake();
  }

  /** The configuration is another one. */
  configured(): void {
    const { max_per_minute, max_per_hour } = this.options.config();
    this.limit = this.limit.withLimits(max_per_minute, max_per_hour);
    this.pretended.clear();
    this.refused.clear();
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.queue.clear();
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
  }

  /** The latest news of an alert replaces what was waiting. */
  take(alert: Alert): void {
    if (this.options.config().mode !== 'auto') return;
    if (this.queue.size >= MAX_QUEUE && !this.queue.has(alert.id)) return;
    this.queue.set(alert.id, alert);
    this.wake();
  }

  forget(alert_id: number): void {
    this.queue.delete(alert_id);
    this.refused.delete(alert_id);
  }

  async settled(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private wake(): void {
    if (this.running !== null || this.queue.size === 0) return;
    // Never within the caller: an alert is told to everybody before anything is done about it.
    this.running = Promise.resolve()
      .then(() => this.drain())
      .catch(error => this.options.logger.warn({ err: error }, 'an action failed'))
      .finally(() => {
        this.running = null;
        // News that came just as it was about to end; what waits for the limit has a timer.
        if (this.timer === null && this.mayAct()) this.wake();
      });
  }

  private async drain(): Promise<void> {
    while (this.mayAct()) {
      const next = this.next();
      if (next === null) return;
      const [id, alert] = next;
      this.queue.delete(id);
      const turn = await this.handle(alert);
      if (turn === 'done') {
        this.refused.delete(id);
        continue;
      }
      // Unless there is newer news, this one goes on when there is room again, or when its time has come.
      if (!this.queue.has(id) && !this.stopped) this.queue.set(id, alert);
      if (turn === 'refused') {
        this.postpone(id);
        continue;
      }
      this.later(this.limit.wait_ms(this.options.now()));
      return;
    }
  }

  /** The first whose time has come. Null: there is none; a timer waits for the next. */
  private next(): [number, Alert] | null {
    const now_ms = this.options.now();
    let wait_ms = Number.POSITIVE_INFINITY;
    for (const [id, alert] of this.queue) {
      const left_ms = (this.refused.get(id)?.again_ms ?? 0) - now_ms;
      if (left_ms <= 0) return [id, alert];
      wait_ms = Math.min(wait_ms, left_ms);
    }
    if (wait_ms < Number.POSITIVE_INFINITY) this.later(Math.min(wait_ms, MOST_AGAIN_MS));
    return null;
  }

  private postpone(alert_id: number): void {
    const times = (this.refused.get(alert_id)?.times ?? 0) + 1;
    const wait_ms = Math.min(AGAIN_MS * 2 ** (times - 1), MOST_AGAIN_MS);
    this.refused.set(alert_id, { times, again_ms: this.options.now() + wait_ms });
  }

  private mayAct(): boolean {
    return !this.stopped && !this.resting && this.options.config().mode === 'auto';
  }

  private async handle(alert: Alert): Promise<Turn> {
    let turn: Turn = 'done';
    for (const plan of await this.options.propose(alert)) {
      if (!plan.verdict.allowed || !this.mayAct()) continue;
      const known = this.options.config().dry_run ? new Set([...this.tried, ...this.pretended]) : this.tried;
      const possible = freshSteps(plan.verdict.steps, known, this.limit.max);
      if (possible.length === 0) continue;
      const steps = limitSteps(possible, this.limit.free(this.options.now()));
      const targets = targetsOf(steps);
      if (targets.length === 0) return 'limit';
      this.limit.take(targets.length, this.options.now());
      const verdict = { ...plan.verdict, steps };
      const order: Order = { requester: { kind: 'auto' }, type: plan.type, verdict, alert };
      const result = await this.options.execute(order);
      this.options.logger.info({ rule: alert.rule, outcome: result.outcome }, result.message);
      if (!this.account(targets, result)) turn = 'refused';
      else if (targets.length < targetsOf(possible).length) return 'limit';
    }
    return turn;
  }

  /** False: something was left that can be tried again. */
  private account(targets: readonly ProcessRef[], { outcome, processes }: ActionResult): boolean {
    if (outcome === 'dry_run') {
      for (const target of targets) remember(this.pretended, processKey(target));
      return true;
    }
    if (outcome === 'refused') {
      this.limit.giveBack(targets.length);
      return false;
    }
    // Who could not even be held, for want of descriptors, say, was not acted on.
    const left = new Set(
      processes
        .filter(({ signals, fate }) => signals.length === 0 && fate === 'survived')
        .map(({ process }) => processKey(process)),
    );
    const acted = outcome === 'failed' ? [] : targets;
    for (const ref of [...acted, ...processes.map(({ process }) => process)])
      if (!left.has(processKey(ref))) remember(this.tried, processKey(ref));
    const isLeft = left.size > 0 || (outcome === 'failed' && processes.length === 0);
    return !isLeft;
  }

  private later(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.wake();
    }, ms);
    this.timer.unref();
  }
}

function remember(set: Set<string>, key: string): void {
  set.add(key);
  const oldest = set.values().next().value;
  if (set.size > MAX_TRIED && oldest !== undefined) set.delete(oldest);
}
