import type { Bus } from '../bus.js';
import type { FinishedDiagnosis } from '../model/diagnosis.js';
import type { Module, ModuleHealth } from '../model/module.js';
import type { Store } from './store.js';

interface HistoryConfig {
  history: { retention_hours: number; snapshot_interval_s: number };
}

/** Keeps what happens: hands it to the store, which writes it when it can. */
export class History implements Module<HistoryConfig> {
  readonly name = 'history';
  private readonly ends: readonly (() => void)[];

  constructor(
    private readonly store: Store,
    bus: Bus,
  ) {
    this.ends = [
      bus.on(this.name, 'machine.snapshot', snapshot => store.addSnapshot(snapshot)),
      bus.on(this.name, 'agent.transition', ({ transition, uid }) => store.addTransition(transition, uid)),
      bus.on(this.name, 'alert.changed', ({ alert }) => store.putAlert(alert)),
      bus.on(this.name, 'diagnosis.finished', diagnosis => this.addDiagnosis(diagnosis)),
    ];
  }

  start(): Promise<void> {
    return this.store.start();
  }

  async stop(): Promise<void> {
    for (const end of this.ends) end();
    await this.store.stop();
  }

  configure({ history }: HistoryConfig): void {
    this.store.configure(history);
  }

  health(): ModuleHealth {
    const { problem } = this.store.health();
    return { problems: problem === null ? [] : [`history: ${problem}`] };
  }

  /** Only what was asked of a model: that has a price. */
  private addDiagnosis({ time_ms, alert_id, usage, answer }: FinishedDiagnosis): void {
    if (usage === null) return;
    this.store.addDiagnosis({
      time_ms,
      alert_id,
      ...usage,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      answer,
    });
  }
}
