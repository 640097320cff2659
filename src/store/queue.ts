import type { Operation } from './operation.js';

/** Two hours of snapshots at the usual interval, some 3 MB. */
export const MAX_WAITING_SAMPLES = 720;
export const MAX_WAITING = 4096;
/** What waits together takes no more memory than this, as `sizeOf` estimates it. */
export const MAX_WAITING_BYTES = 48 * 1024 * 1024;
/** What goes to the thread at once: it is copied there. */
const BATCH_BYTES = 4 * 1024 * 1024;

interface Waiting {
  operation: Operation;
  bytes: number;
}

/**
 * What waits to be written, in order and bounded. When it is full the oldest sample goes first, then the oldest
 * of what vigil saw: what it did and was told to do is little, and worth more.
 */
export class Queue {
  private waiting: Waiting[] = [];
  private samples = 0;
  private waiting_bytes = 0;
  /** Operations that had to go, since the start. */
  lost = 0;
  private readonly gone = new WeakSet<Operation>();

  get size(): number {
    return this.waiting.length;
  }

  get bytes(): number {
    return this.waiting_bytes;
  }

  push(operation: Operation): void {
    const one = { operation, bytes: sizeOf(operation) };
    this.waiting.push(one);
    this.count(one, 1);
    this.bound();
  }

  /** The first ones, no longer in the queue: at most `count`, and no more than can be handed over at once. */
  take(count: number): Operation[] {
    let bytes = 0;
    let fitting = 0;
    for (const one of this.waiting.slice(0, count)) {
      bytes += one.bytes;
      if (fitting > 0 && bytes > BATCH_BYTES) break;
      fitting++;
    }
    const taken = this.waiting.splice(0, fitting);
    for (const one of taken) this.count(one, -1);
    return taken.map(({ operation }) => operation);
  }

  /** They could not be written: they are first again. */
  putBack(operations: readonly Operation[]): void {
    const back = operations.map(operation => ({ operation, bytes: sizeOf(operation) }));
    for (const one of back) this.count(one, 1);
    this.waiting = [...back, ...this.waiting];
    this.bound();
  }

  /** It is given up: it can never be written, or there is no room for it. */
  lose(operation: Operation): void {
    this.lost++;
    this.gone.add(operation);
  }

  isLost(operation: Operation): boolean {
    return this.gone.has(operation);
  }

  private bound(): void {
    while (
      this.samples > MAX_WAITING_SAMPLES ||
      this.waiting.length > MAX_WAITING ||
      this.waiting_bytes > MAX_WAITING_BYTES
    ) {
      const oldest = [isSample, isSeen].map(is => this.waiting.findIndex(is)).find(index => index !== -1);
      const [gone] = this.waiting.splice(oldest ?? 0, 1);
      if (gone === undefined) return;
      this.count(gone, -1);
      this.lose(gone.operation);
    }
  }

  private count(one: Waiting, sign: 1 | -1): void {
    if (isSample(one)) this.samples += sign;
    this.waiting_bytes += sign * one.bytes;
  }
}

const SEEN: ReadonlySet<Operation['type']> = new Set(['transition', 'alert', 'baseline', 'diagnosis']);
const isSample = ({ operation }: Waiting) => operation.type === 'sample';
const isSeen = ({ operation }: Waiting) => SEEN.has(operation.type);

/** In memory, roughly: two bytes a character, and what an object or a number takes in V8. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 24 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  if (Array.isArray(value)) for (const one of value) bytes += sizeOf(one);
  else for (const one of Object.values(value)) bytes += 8 + sizeOf(one);
  return bytes;
}
