import { setTimeout as sleep } from 'node:timers/promises';
import type { Secret } from '../../lib/files/secret.js';
import type { Logger } from '../../lib/log/logger.js';
import { loadFetch } from '../../lib/net/bounded-fetch.js';
import { nextTurn } from '../../lib/time/slices.js';
import type { AlertChange } from '../../model/alert.js';
import { type Channel, type ChannelHealth, Gate } from './channel.js';
import type { WebhookConfig } from './config.js';
import { FORMATS } from './format.js';
import { messageOf, type Post } from './message.js';
import { type Outcome, postOnce } from './post.js';
import { Waiting } from './waiting.js';

export interface WebhookDeps {
  name: string;
  host: string;
  readAddress: () => Secret;
  now: () => number;
  log: Logger;
  /** Waits before the second attempt, the third, … */
  backoff_ms?: readonly number[];
}

const BACKOFF_MS = [1000, 5000, 30_000, 120_000];
/** However long a server asks to wait. */
const MAX_WAIT_MS = 300_000;
/** Something of ours threw: the next message may do better. */
const BROKEN = 'an error of vigil itself (see its log)';

/** A webhook: one message after the other, in order, each tried a few times. */
export class Webhook implements Channel {
  readonly name: string;
  private readonly gate: Gate;
  private readonly waiting = new Waiting();
  private readonly stopped = new AbortController();
  private working: Promise<void> | null = null;
  private readonly counts = { sent: 0, failed: 0, dropped: 0 };
  private trouble: string | null = null;

  constructor(
    private readonly config: WebhookConfig,
    private readonly deps: WebhookDeps,
  ) {
    loadFetch();
    this.name = deps.name;
    this.gate = new Gate(config.min_severity);
  }

  send(change: AlertChange): void {
    if (this.stopped.signal.aborted || !this.gate.admits(change)) return;
    const post = this.postOf(change);
    if (post === null) return;
    this.counts.dropped += this.waiting.add(post);
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
  }

  /** What is posted, not the change itself, waits: that may hold thousands of processes. Null: it could not be made. */
  private postOf(change: AlertChange): Post | null {
    try {
      const { host } = this.deps;
      const { type, redact_home } = this.config;
      return FORMATS[type](messageOf(change, { host, redact_home }));
    } catch (error) {
      this.broke(error);
      return null;
    }
  }

  private broke(error: unknown): void {
    this.counts.failed++;
    this.deps.log.error({ channel: this.name, err: error }, 'an alert could not be made a message');
    this.note(BROKEN);
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.drained();
  }

  health(): ChannelHealth {
    return { name: this.name, ...this.counts, waiting: this.waiting.length, trouble: this.trouble };
  }

  private async work(): Promise<void> {
    for (let post = this.waiting.take(); post !== undefined; post = this.waiting.take()) {
      await nextTurn(); // several are told of one alert
      await this.sendOne(post);
      if (this.stopped.signal.aborted) {
        this.counts.failed += this.waiting.clear();
        return;
      }
    }
  }

  /** Never throws: one message must not keep the next ones from leaving. */
  private async sendOne(post: Post): Promise<void> {
    try {
      const outcome = await this.deliver(post);
      if (outcome.ok) this.counts.sent++;
      else this.counts.failed++;
      if (!this.stopped.signal.aborted) this.note(outcome.ok ? null : outcome.reason);
    } catch (error) {
      this.broke(error);
    }
  }

  private async deliver(post: Post): Promise<Outcome> {
    const { now, backoff_ms = BACKOFF_MS } = this.deps;
    const { timeout_s } = this.config;
    const { signal } = this.stopped;
    for (let attempt = 0; ; attempt++) {
      const address = this.deps.readAddress();
      if (!address.ok) return { ok: false, reason: address.message, retryable: false, retry_after_ms: null };
      const outcome = await postOnce(address.value, post, {
        timeout_ms: timeout_s * 1000,
        signal,
        now_ms: now(),
      });
      const wait_ms = backoff_ms[attempt];
      if (outcome.ok || !outcome.retryable || wait_ms === undefined || signal.aborted) return outcome;
      this.note(outcome.reason);
      const asked_ms = Math.min(outcome.retry_after_ms ?? 0, MAX_WAIT_MS);
      await sleep(Math.max(wait_ms, asked_ms), undefined, { signal }).catch(() => {});
      if (signal.aborted) return outcome;
    }
  }

  /** Logged when it changes: a dead server is one line, not one for each alert. */
  private note(trouble: string | null): void {
    if (trouble === this.trouble) return;
    const { log } = this.deps;
    if (trouble !== null)
      log.warn({ channel: this.name, reason: trouble }, 'alerts do not get through to a webhook');
    else log.info({ channel: this.name }, 'alerts get through to the webhook again');
    this.trouble = trouble;
  }
}
