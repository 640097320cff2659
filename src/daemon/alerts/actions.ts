import { isDeepStrictEqual } from 'node:util';
import { AnnouncedAudit } from '../../actions/announced-audit.js';
import type { ActionsConfig } from '../../actions/config.js';
import { ActionEngine, type Asker, type KillRequest } from '../../actions/engine.js';
import { logAudit } from '../../actions/log-audit.js';

import { StoreAudit } from '../../actions/store-audit.js';
import type { Bus } from '../../bus.js';
import type { Logger } from '../../lib/log/logger.js';
import type { InTurns } from '../../lib/time/in-turns.js';
import type { ActionPlan, ActionResult, DiagnosedAction, Person, Verdict } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import type { Module } from '../../model/module.js';
import type { Snapshot } from '../../model/snapshot.js';
import { snapshotFor, type Viewer, viewerUid } from '../../model/viewer.js';
import type { Store } from '../../store/store.js';

export interface ActionsOptions {
  config: { actions: ActionsConfig };
  logger: Logger;
  bus: Bus;
  /** Null: no history is kept; then actions are written to the log. */
  store: Store | null;
  /** The group `vigil`. */
  admin_gid: number | null;
}

/** What can be done about alerts: by vigil itself where that is safe and wanted, else by a person. */
export class Actions implements Module<{ actions: ActionsConfig }> {
  readonly name = 'actions';
  readonly engine: ActionEngine;
  private config: ActionsConfig;
  private latest: Snapshot | null = null;
  private readonly ends: readonly (() => void)[];

  constructor({ admin_gid, bus, config, logger, store }: ActionsOptions) {
    this.config = config.actions;
    this.engine = new ActionEngine({
      config: config.actions,
      audit: new AnnouncedAudit(store === null ? logAudit(logger) : new StoreAudit(store), bus),
      snapshot: () => this.latest,
      admin_gid,
      logger,
    });
    this.ends = [
      bus.on(this.name, 'machine.snapshot', snapshot => {
        this.latest = snapshot;
      }),
      bus.on(this.name, 'alert.changed', change => this.engine.take(change)),
      bus.on(this.name, 'alert.found_again', alert => this.engine.takeUp(alert)),
    ];
  }

  async stop(): Promise<void> {
    for (const end of this.ends) end();
    await this.engine.stop();
  }

  configure({ actions }: { actions: ActionsConfig }): void {
    const before = this.config;
    this.config = actions;
    if (!isDeepStrictEqual(before, actions)) this.engine.configure(actions);
  }

  state(): { mode: string; dry_run: boolean; paused: boolean } {
    const { mode, paused } = this.engine;
    return { mode, paused, dry_run: this.config.dry_run };
  }

  /** `auto` rests until `resume`; persons may still act. */
  pause(): void {
    this.engine.pause();
  }

  resume(): void {
    this.engine.resume();
  }

  /** What a person could copy; null in mode `observe`, and where there is nothing to run. */
  async suggestedCommand(alert: Alert): Promise<string | null> {
    if (this.engine.mode === 'observe') return null;
    return (await this.engine.proposeAtNews(alert))[0]?.command ?? null;
  }

  /** vigil's own plans. Of the machine they tell the one who asks what he may know of it. */
  async plans(alert: Alert, viewer: Viewer, inTurns: InTurns): Promise<ActionPlan[]> {
    return this.engine.propose(alert, this.asker(viewer, inTurns));
  }

  /** Those that a diagnosis suggests. `alert`: what it is about; null: a process. */
  plansOfDiagnosis(
    diagnosed: readonly DiagnosedAction[],
    alert: Alert | null,
    viewer: Viewer,
    inTurns: InTurns,
  ): Promise<ActionPlan[]> {
    return this.engine.planDiagnosis(diagnosed, alert, this.asker(viewer, inTurns));
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

  private asker(viewer: Viewer, inTurns: InTurns): Asker {
    if (this.latest === null) throw new Error('there has been no look at the machine yet');
    const uid = viewerUid(viewer);
    return { uid, inTurns, snapshot: snapshotFor(this.latest, uid) };
  }
}
