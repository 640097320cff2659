import type { Operation } from './operation.js';

/** Two hours of snapshots at the usual interval, some 3 MB. */
export const MAX_WAITING_SAMPLES = 720;
export const MAX_WAITING = 4096;

/**
 * What waits to be written, in order and bounded. When it is full the oldest sample goes first: alerts and
 * actions are few and worth more.
 */
export class Queue {
  private operations: Operation[] = [];
  private samples = 0;
  /** Operations that had to go, since the start. */
  lost = 0;

  get size(): number {
    return this.operations.length;
  }

  push(operation: Operation): void {
    this.operations.push(operation);
    if (operation.type === 'sample') this.samples++;
    this.bound();
  }

  /** The first ones, no longer in the queue. */
  take(count: number): Operation[] {
    const taken = this.operations.splice(0, count);
    this.samples -= samplesOf(taken);
    return taken;
  }

  /** They could not be written: they are first again. */
  putBack(operations: readonly Operation[]): void {
    this.operations = [...operations, ...this.operations];
    this.samples += samplesOf(operations);
    this.bound();
  }

  private bound(): void {
    while (this.samples > MAX_WAITING_SAMPLES || this.operations.length > MAX_WAITING) {
      const oldest = this.operations.findIndex(({ type }) => type === 'sample');
      const [gone] = this.operations.splice(Math.max(0, oldest), 1);
      if (gone?.type === 'sample') this.samples--;
      this.lost++;
    }
  }
}

function samplesOf(operations: readonly Operation[]): number {
  return operations.filter(({ type }) => type === 'sample').length;
}
