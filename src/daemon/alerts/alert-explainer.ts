import { isDeepStrictEqual } from 'node:util';
import type { Explained } from '../../api/reports/explanation.js';
import type { ExplanationService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import type { Config } from '../../config/schema.js';
import type { Advisor, Explanation } from '../../diagnosis/advisor.js';
import { Explainer } from '../../diagnosis/explainer.js';
import type { Prompt } from '../../diagnosis/prompt.js';
import type { Question } from '../../diagnosis/question.js';
import { createAdvisor } from '../../diagnosis/setup.js';
import { DAY_MS, MemoryUsageLog, type UsageLog } from '../../diagnosis/usage.js';
import type { FaultLog } from '../../lib/log/faults.js';
import type { InTurns } from '../../lib/time/in-turns.js';
import { now } from '../../lib/time/time.js';
import type { ActionPlan } from '../../model/action.js';
import type { Alert, AlertChange } from '../../model/alert.js';
import type { Module } from '../../model/module.js';
import type { Snapshot } from '../../model/snapshot.js';
import {
  readerOf,
  snapshotFor,
  type Viewer,
  type ViewerUid,
  viewerUid,
  withOwnProcesses,
} from '../../model/viewer.js';
import type { Store } from '../../store/store.js';
import type { Actions } from './actions.js';
import { Explanations } from './explanations.js';
import { PromptHistory } from './prompt-history.js';

type AiConfig = Pick<Config, 'ai'>;

export interface AlertExplainerOptions {
  config: AiConfig;
  bus: Bus;
  /** Null: no history is kept. */
  store: Store | null;
  actions: Actions;
  faults: Pick<FaultLog, 'record'>;
  env: NodeJS.ProcessEnv;
}

/** Explains troubles, by a model or by the rules: grave alerts unasked, and whatever somebody asks about. */
export class AlertExplainer implements Module<AiConfig>, ExplanationService {
  readonly name = 'explanations';
  private readonly promptHistory = new PromptHistory();
  private readonly kept = new Explanations();
  private latest: Snapshot | null = null;
  private ai: Config['ai'];
  private usage!: UsageLog;
  private advisor!: Advisor;
  /** The one before, which may still be asking. */
  private retired: Advisor | null = null;
  private explainer: Explainer | null = null;
  private readonly ends: readonly (() => void)[];

  constructor(private readonly options: AlertExplainerOptions) {
    const { bus, config } = options;
    this.ai = config.ai;
    this.ends = [
      bus.on(this.name, 'machine.snapshot', snapshot => {
        this.latest = snapshot;
        this.promptHistory.add(snapshot);
      }),
      bus.on(this.name, 'alert.changed', change => this.alertChanged(change)),
    ];
  }

  /** What earlier daemons asked of models today counts against the budget. */
  async start(): Promise<void> {
    const { store, faults } = this.options;
    const day = { from_ms: now() - DAY_MS, to_ms: now() + 1 };
    const spent = (await store?.query('diagnosesOf', day, 10_000)) ?? [];
    this.usage = new MemoryUsageLog(spent);
    this.advisor = this.newAdvisor();
    this.explainer = new Explainer(this.ai.min_severity, {
      advisor: {
        explain: (question, asker) => this.advisor.explain(question, asker),
        unavailable: asker => this.advisor.unavailable(asker),
      },
      questionOf: alert => this.question({ kind: 'alert', alert }, readerOf(alert)),
      explained: (alert, explanation) => this.keep(alert, readerOf(alert), explanation),
      failed: (_, error) => faults.record(this.name, error),
    });
  }

  stop(): void {
    for (const end of this.ends) end();
    this.explainer?.stop();
    this.advisor?.stop();
    this.retired?.stop();
  }

  /** Questions under way are finished as they were begun. */
  configure({ ai }: AiConfig): void {
    if (isDeepStrictEqual(this.ai, ai)) return;
    this.ai = ai;
    this.retired?.stop();
    this.retired = this.advisor;
    this.advisor = this.newAdvisor();
    this.explainer?.configure(ai.min_severity);
  }

  state(): { unavailable: string | null; calls_today: number; tokens_today: number } {
    const spending = this.advisor.spending();
    return {
      unavailable: this.advisor.unavailable()?.message ?? null,
      calls_today: spending.calls,
      tokens_today: spending.input_tokens + spending.output_tokens,
    };
  }

  /** Always answers. `viewer`: who asks, and what he may know of. */
  async explainAlert(alert: Alert, viewer: Viewer, inTurns: InTurns): Promise<Explained> {
    const uid = viewerUid(viewer);
    let explanation = this.kept.of(alert.id, uid);
    // Who sees everything may read what was said to the alert's user.
    if (uid === null) explanation ??= this.kept.of(alert.id, readerOf(alert));
    if (explanation === undefined) {
      explanation = await this.advisor.explain(this.question({ kind: 'alert', alert }, uid));
      this.keep(alert, uid, explanation);
    }
    return { explanation, plans: await this.plansFor(alert, explanation, viewer, inTurns) };
  }

  async explainProcess(pid: number, viewer: Viewer, inTurns: InTurns): Promise<Explained> {
    const question = this.question({ kind: 'process', pid }, viewerUid(viewer));
    const explanation = await this.advisor.explain(question);
    this.announce(null, explanation);
    return {
      explanation,
      plans: await this.options.actions.plansOfDiagnosis(explanation.proposals, null, viewer, inTurns),
    };
  }

  /** Exactly what would be sent to a model. */
  prompt(about: Question['about'], viewer: Viewer): Prompt {
    return this.advisor.promptFor(this.question(about, viewerUid(viewer)));
  }

  private newAdvisor(): Advisor {
    return createAdvisor(this.ai, { usage: this.usage, now, env: this.options.env });
  }

  private alertChanged(change: AlertChange): void {
    this.explainer?.hear(change);
    if (change.type === 'alert_resolved') this.kept.forget(change.alert.id);
  }

  /** Plans are made for whoever asks: they rest on the processes of that moment, and reading those is dear. */
  private keep(alert: Alert, viewer: ViewerUid, explanation: Explanation): void {
    if (alert.status === 'open' && explanation.by === 'model') this.kept.keep(alert.id, viewer, explanation);
    this.announce(alert.id, explanation);
  }

  private announce(alert_id: number | null, explanation: Explanation): void {
    const { by, diagnosis, failure, time_ms, usage } = explanation;
    const isWanted = failure?.code === 'no_key' || failure?.code === 'disabled';
    this.options.bus.emit('diagnosis.finished', {
      time_ms,
      alert_id,
      by,
      diagnostic: diagnosis.diagnostic,
      failure: failure === null || isWanted ? null : failure.message,
      usage,
      answer: { by, ...diagnosis },
    });
  }

  /** vigil's own plans first: they rest on what it measured. */
  private async plansFor(
    alert: Alert,
    { by, proposals }: Explanation,
    viewer: Viewer,
    inTurns: InTurns,
  ): Promise<ActionPlan[]> {
    if (alert.status !== 'open') return [];
    const { actions } = this.options;
    const own = await actions.plans(alert, viewer, inTurns);
    return by === 'rules'
      ? own
      : [...own, ...(await actions.plansOfDiagnosis(proposals, alert, viewer, inTurns))];
  }

  /** Everything that the viewer may know about it. */
  private question(about: Question['about'], viewer_uid: ViewerUid): Question {
    if (this.latest === null) throw new Error('there has been no look at the machine yet');
    return {
      about: about.kind === 'alert' ? { ...about, alert: withOwnProcesses(about.alert, viewer_uid) } : about,
      viewer_uid,
      snapshot: snapshotFor(this.latest, viewer_uid),
      history: this.promptHistory.history(viewer_uid),
      journal: this.promptHistory.journal(viewer_uid),
    };
  }
}
