import { now } from '../../lib/time/time.js';
import type { RuleEngine } from '../../rules/engine/engine.js';
import type { Store } from '../../store/store.js';

const SAVE_MS = 600_000;

/** Writes down what the rules have learned: of each cell, when it is another than it was. */
export class BaselineSaver {
  private saved_ms = now();
  /** Of each cell: what it held when it was written down. */
  private readonly saved = new Map<string, string>();

  constructor(
    private readonly store: Pick<Store, 'saveBaseline'>,
    private readonly rules: Pick<RuleEngine, 'saveBaseline'>,
  ) {}

  /** When its time has come. */
  saveOften(time_ms: number): void {
    if (time_ms - this.saved_ms >= SAVE_MS) this.save();
  }

  save(): void {
    this.saved_ms = now();
    for (const { key, hour, state } of this.rules.saveBaseline()) {
      const id = `${key} ${hour}`;
      const text = JSON.stringify(state);
      if (this.saved.get(id) === text) continue;
      this.saved.set(id, text);
      this.store.saveBaseline(key, hour, state);
    }
  }
}
