import type { FaultLog } from '../../lib/log/faults.js';

/** Those who want to hear of something: one that throws takes nothing from the others. */
export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>();

  constructor(
    private readonly owner: string,
    private readonly faults: Pick<FaultLog, 'record'>,
  ) {}

  /** Calls back until the returned function is called. */
  add(listener: (value: T) => void): () => void {
    this.all.add(listener);
    return () => void this.all.delete(listener);
  }

  emit(value: T): void {
    for (const listener of this.all) {
      try {
        listener(value);
      } catch (error) {
        this.faults.record(this.owner, error);
      }
    }
  }
}
