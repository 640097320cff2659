import type { Alert } from '../alerts/alert.js';
import type { ActionsConfig } from '../config/sections/actions.js';
import type { Order } from './executor.js';
import { identity } from './growth.js';
import { freshSteps, limitSteps, targetsOf } from './merge.js';
import type { ActionPlan, ActionResult } from './model.js';
import type { EngineOptions } from './options.js';
import { RateLimit } from './rate-limit.js';

export interface AutopilotOptions {
  propose(alert: Alert): ActionPlan[];
  execute(order: Order): Promise<ActionResult>;
  config(): ActionsConfig;
  logger: EngineOptions['logger'];
  now(): number;
}

/** Processes that were acted on are remembered so long that none is acted on twice. */
const MAX_TRIED = 20_000;
const MAX_QUEUE = 1000;

/**
 * Mode `auto`: one alert after the other, within the rate limits. A process is acted on once; one that
 * survived is a matter for a person, not for another signal every few seconds.
 */
export class Autopilot {
  /** By id. */
  private readonly queue = new Map<number, Alert>();
  private readonly tried = new Set<string>();
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
      const next = this.queue.entries().next().value;
      if (next === undefined) return;
      const [id, alert] = next;
      this.queue.delete(id);
      if (await this.handle(alert)) continue;
      // The limit is reached: unless there is newer news, this one goes on when there is room again.
      if (!this.queue.has(id) && !this.stopped) this.queue.set(id, alert);
      this.later(this.limit.wait_ms(this.options.now()));
      return;
    }
  }

  private mayAct(): boolean {
    return !this.stopped && !this.resting && this.options.config().mode === 'auto';
  }

  /** False: the limit stopped it before everything was done. */
  private async handle(alert: Alert): Promise<boolean> {
    for (const plan of this.options.propose(alert)) {
      if (!plan.verdict.allowed || !this.mayAct()) continue;
      const possible = freshSteps(plan.verdict.steps, this.tried, this.limit.max);
      if (possible.length === 0) continue;
      const steps = limitSteps(possible, this.limit.free(this.options.now()));
      const targets = targetsOf(steps);
      if (targets.length === 0) return false;
      this.limit.take(targets.length, this.options.now());
      for (const target of targets) this.remember(identity(target));
      const verdict = { ...plan.verdict, steps };
      const order: Order = { requester: { kind: 'auto' }, type: plan.type, verdict, alert };
      const result = await this.options.execute(order);
      this.options.logger.info({ rule: alert.rule, outcome: result.outcome }, result.message);
      if (targets.length < targetsOf(possible).length) return false;
    }
    return true;
  }

  private remember(key: string): void {
    this.tried.add(key);
    const oldest = this.tried.values().next().value;
    if (this.tried.size > MAX_TRIED && oldest !== undefined) this.tried.delete(oldest);
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
