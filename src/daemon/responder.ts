import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { ActionEngine, type Asker, type KillRequest } from '../actions/engine.js';
import { describeRequester } from '../actions/requester.js';
import { StoreAudit } from '../actions/store-audit.js';
import type { Explained } from '../api/contract.js';
import type { View } from '../api/socket/peer.js';
import type { Config } from '../config/schema.js';
import type { Advisor, Explanation } from '../diagnosis/advisor.js';
import { Explainer } from '../diagnosis/explainer.js';
import type { Prompt } from '../diagnosis/prompt.js';
import type { Question } from '../diagnosis/question.js';
import { createAdvisor } from '../diagnosis/setup.js';
import { DAY_MS, MemoryUsageLog, type UsageLog } from '../diagnosis/usage.js';
import type { FaultLog } from '../lib/log/faults.js';
import type { Logger } from '../lib/log/logger.js';
import type { InTurns } from '../lib/time/in-turns.js';
import { now } from '../lib/time/time.js';
import type { ActionPlan, ActionResult, AuditLog, Person, Verdict } from '../model/action.js';
import type { Alert, AlertChange } from '../model/alert.js';
import type { Snapshot } from '../model/snapshot.js';
import type { ChannelHealth } from '../outputs/channels/channel.js';
import { Channels } from '../outputs/channels/channels.js';
import type { Store } from '../store/store.js';
import { Explanations } from './explanations.js';
import { Recollection } from './recollection.js';
import { aboutFor, snapshotFor, type ViewerUid, viewerFor, viewerOf } from './viewer.js';

export interface ResponderOptions {
  config: Config;
  logger: Logger;
  /** Null: no history is kept; then actions are written to the log. */
  store: Store | null;
  snapshot(): Snapshot | null;
  faults: FaultLog;
  /** The group `vigil`. */
  admin_gid: number | null;
  env: NodeJS.ProcessEnv;
}

/** What follows an alert: it is told, explained and, where that is safe and wanted, acted upon. */
export class Responder {
  readonly engine: ActionEngine;
  private readonly channels: Channels;
  private readonly recollection = new Recollection();
  private config: Config;
  private usage!: UsageLog;
  private advisor!: Advisor;
  /** The one before, which may still be asking. */
  private retired: Advisor | null = null;
  private explainer!: Explainer;
  private readonly explained = new Explanations();
  private readonly heard: (change: AlertChange) => void;

  constructor(private readonly options: ResponderOptions) {
    this.heard = options.faults.each<[AlertChange]>({
      channels: change => {
        if (!change.quiet) this.channels.send(change);
      },
      actions: change => this.engine.take(change),
      explanations: change => {
        this.explainer.hear(change);
        if (change.type === 'alert_resolved') this.explained.forget(change.alert.id);
      },
    });
    const { config, logger, store, admin_gid, env } = options;
    this.engine = new ActionEngine({
      config: config.actions,
      audit: store === null ? logAudit(logger) : new StoreAudit(store),
      snapshot: options.snapshot,
      admin_gid,
      logger,
    });
    this.config = config;
    this.channels = new Channels(config, { host: hostname(), now, env, log: logger });
  }

  /** Takes over another configuration. Questions and messages under way are finished as they were begun. */
  configure(config: Config): void {
    const before = this.config;
    this.config = config;
    this.channels.configure(config);
    if (!isDeepStrictEqual(before.actions, config.actions)) this.engine.configure(config.actions);
    if (isDeepStrictEqual(before.ai, config.ai)) return;
    this.retired?.stop();
    this.retired = this.advisor;
    this.advisor = this.newAdvisor();
    this.explainer.configure(config.ai.min_severity);
  }

  private newAdvisor(): Advisor {
    return createAdvisor(this.config.ai, { usage: this.usage, now, env: this.options.env });
  }

  /** What earlier daemons asked of models today counts against the budget. */
  async start(): Promise<void> {
    const { store } = this.options;
    const day = { from_ms: now() - DAY_MS, to_ms: now() + 1 };
    const spent = (await store?.query('diagnosesOf', day, 10_000)) ?? [];
    this.usage = new MemoryUsageLog(spent);
    this.advisor = this.newAdvisor();
    this.explainer = new Explainer(this.config.ai.min_severity, {
      advisor: {
        explain: (question, asker) => this.advisor.explain(question, asker),
        unavailable: asker => this.advisor.unavailable(asker),
      },
      questionOf: alert => this.question({ kind: 'alert', alert }, viewerFor(alert)),
      explained: (alert, explanation) => this.keep(alert, viewerFor(alert), explanation),
      failed: (_, error) => this.options.faults.record('explanations', error),
    });
  }

  async stop(): Promise<void> {
    this.explainer?.stop();
    this.advisor?.stop();
    this.retired?.stop();
    await this.engine.stop();
    await this.channels.stop();
  }

  look(snapshot: Snapshot): void {
    this.recollection.add(snapshot);
  }

  hear(changes: readonly AlertChange[]): void {
    for (const change of changes) this.heard(change);
  }

  /** Always answers. `sees`: what the one who asks may know of. */
  async explainAlert(alert: Alert, sees: View, inTurns: InTurns): Promise<Explained> {
    const viewer = viewerOf(sees);
    let explanation = this.explained.of(alert.id, viewer);
    // Who sees everything may read what was said to the alert's user.
    if (viewer === null) explanation ??= this.explained.of(alert.id, viewerFor(alert));
    if (explanation === undefined) {
      explanation = await this.advisor.explain(this.question({ kind: 'alert', alert }, viewer));
      this.keep(alert, viewer, explanation);
    }
    return { explanation, plans: await this.plansFor(alert, explanation, viewer, inTurns) };
  }

  async explainProcess(pid: number, sees: View): Promise<Explained> {
    const question = this.question({ kind: 'process', pid }, viewerOf(sees));
    const explanation = await this.advisor.explain(question);
    this.account(null, explanation);
    return { explanation, plans: await this.engine.planDiagnosis(explanation.proposals, null) };
  }

  /** Exactly what would be sent to a model. */
  prompt(about: Question['about'], sees: View): Prompt {
    return this.advisor.promptFor(this.question(about, viewerOf(sees)));
  }

  /** Of the machine they tell the one who asks what he may know of it. */
  async plans(alert: Alert, sees: View, inTurns: InTurns): Promise<ActionPlan[]> {
    return this.engine.propose(alert, this.asker(viewerOf(sees), inTurns));
  }

  /** What a person could copy; null in mode `observe`, and where there is nothing to run. */
  async suggestedCommand(alert: Alert): Promise<string | null> {
    if (this.engine.mode === 'observe') return null;
    return (await this.engine.proposeAtNews(alert))[0]?.command ?? null;
  }

  execute(planId: number, by: Person, inTurns: InTurns): Promise<ActionResult> {
    return this.engine.execute(planId, by, inTurns);
  }

  previewKill(request: KillRequest, inTurns: InTurns): Promise<Verdict> {
    return this.engine.previewKill(request, inTurns);
  }

  kill(request: KillRequest, inTurns: InTurns): Promise<ActionResult> {
    return this.engine.killByRequest(request, inTurns);
  }

  health(): {
    channels: ChannelHealth[];
    model: { unavailable: string | null; calls_today: number; tokens_today: number };
    actions: { mode: string; dry_run: boolean; paused: boolean };
  } {
    const { mode, paused } = this.engine;
    const spending = this.advisor.spending();
    return {
      channels: this.channels.health(),
      model: {
        unavailable: this.advisor.unavailable()?.message ?? null,
        calls_today: spending.calls,
        tokens_today: spending.input_tokens + spending.output_tokens,
      },
      actions: { mode, paused, dry_run: this.config.actions.dry_run },
    };
  }

  /** Plans are made for whoever asks: they rest on the processes of that moment, and reading those is dear. */
  private keep(alert: Alert, viewer: ViewerUid, explanation: Explanation): void {
    this.account(alert.id, explanation);
    const { failure, diagnosis } = explanation;
    if (alert.status === 'open' && explanation.by === 'model')
      this.explained.keep(alert.id, viewer, explanation);
    if (failure !== null && failure.code !== 'no_key' && failure.code !== 'disabled')
      this.options.logger.warn({ alert: alert.id, why: failure.message }, 'no model explains');
    this.options.logger.info(
      { alert: alert.id, by: explanation.by, diagnostic: diagnosis.diagnostic },
      'alert explained',
    );
  }

  /** vigil's own plans first: they rest on what it measured. */
  private async plansFor(
    alert: Alert,
    explanation: Explanation,
    viewer: ViewerUid,
    inTurns: InTurns,
  ): Promise<ActionPlan[]> {
    if (alert.status !== 'open') return [];
    const asker = this.asker(viewer, inTurns);
    const own = await this.engine.propose(alert, asker);
    return explanation.by === 'rules'
      ? own
      : [...own, ...(await this.engine.planDiagnosis(explanation.proposals, alert, asker))];
  }

  private asker(uid: ViewerUid, inTurns: InTurns): Asker {
    return { uid, inTurns, snapshot: snapshotFor(this.snapshot(), uid) };
  }

  private account(alert_id: number | null, { usage, time_ms, diagnosis, by }: Explanation): void {
    if (usage === null) return;
    this.options.store?.addDiagnosis({
      time_ms,
      alert_id,
      provider: usage.provider,
      model: usage.model,
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      answer: { by, ...diagnosis },
    });
  }

  /** Everything that the viewer may know about it. */
  private question(about: Question['about'], viewer_uid: ViewerUid): Question {
    return {
      about: aboutFor(about, viewer_uid),
      viewer_uid,
      snapshot: snapshotFor(this.snapshot(), viewer_uid),
      history: this.recollection.history(viewer_uid),
      journal: this.recollection.journal(viewer_uid),
    };
  }

  private snapshot(): Snapshot {
    const snapshot = this.options.snapshot();
    if (snapshot === null) throw new Error('there has been no look at the machine yet');
    return snapshot;
  }
}

/** Without a history the log is the record. */
function logAudit(logger: Logger): AuditLog {
  let last = 0;
  return {
    begin: async record => {
      const id = ++last;
      const { type, text, reason, risk, dry_run } = record;
      const by = describeRequester(record.requester);
      logger.warn({ action: id, by, type, text, reason, risk, dry_run }, 'action begins');
      return id;
    },
    finish: async (id, { outcome, message }) => {
      logger.warn({ action: id, outcome, message }, 'action ended');
    },
  };
}
