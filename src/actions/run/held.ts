import { processKey } from '../../lib/process/identity.js';
import { holdProcess, type ProcessHandle } from '../../lib/process/process-handle.js';
import type { ProcessRef } from '../../model/snapshot.js';

/** Descriptors that may be held for alerts at a time. What does not fit is held when it is acted on. */
const MAX_HELD = 512;

/** The processes of open alerts, each held from its finding on. */
export class HeldProcesses {
  private readonly handles = new Map<string, { handle: ProcessHandle; alert_id: number }>();

  constructor(private readonly root: string) {}

  /** Holds these for the alert, and lets go of what it held before. */
  hold(alert_id: number, refs: readonly ProcessRef[]): void {
    const wanted = new Set(refs.map(processKey));
    for (const [key, held] of this.handles)
      if (held.alert_id === alert_id && !wanted.has(key)) this.drop(key);
    for (const ref of refs) {
      const key = processKey(ref);
      if (this.handles.has(key) || this.handles.size >= MAX_HELD) continue;
      const handle = tryHold(ref, this.root);
      if (handle !== null) this.handles.set(key, { handle, alert_id });
    }
  }

  /** The handle, which is the caller's from then on; held just now if nobody did. Null: the process is gone. */
  take(ref: ProcessRef): ProcessHandle | null {
    const key = processKey(ref);
    const held = this.handles.get(key);
    if (held === undefined) return holdProcess(ref, this.root);
    this.handles.delete(key);
    return held.handle;
  }

  release(alert_id: number): void {
    for (const [key, held] of this.handles) if (held.alert_id === alert_id) this.drop(key);
  }

  releaseAll(): void {
    for (const key of this.handles.keys()) this.drop(key);
  }

  get size(): number {
    return this.handles.size;
  }

  private drop(key: string): void {
    this.handles.get(key)?.handle.close();
    this.handles.delete(key);
  }
}

/** Where it cannot be held now, it is tried again when it is acted on, and then it counts. */
function tryHold(ref: ProcessRef, root: string): ProcessHandle | null {
  try {
    return holdProcess(ref, root);
  } catch {
    return null;
  }
}
