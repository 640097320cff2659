interface Ticking {
  /** The part that it belongs to, as in `vigil health`. */
  owner: string;
  action: () => void;
}

const all = new Set<Ticking>();
let timer: NodeJS.Timeout | null = null;
let fault: (owner: string, error: unknown) => void = throwLater;

/**
 * Calls `action` about once a second until the returned function is called. All actions share one timer: waking
 * an idle machine costs far more than what most of them do. It does not keep the process alive. One that throws takes
 * nothing from the others, and is called again.
 */
export function onTick(owner: string, action: () => void): () => void {
  const own = { owner, action };
  all.add(own);
  timer ??= setInterval(tick, 1_000).unref();
  return () => {
    all.delete(own);
    if (all.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Hears of what was thrown from now on, until the returned function is called. Without it that is an uncaught exception. */
export function recordTickFaults(record: (owner: string, error: unknown) => void): () => void {
  fault = record;
  return () => {
    fault = throwLater;
  };
}

function tick(): void {
  for (const each of [...all]) {
    // One before it may have ended it.
    if (!all.has(each)) continue;
    try {
      each.action();
    } catch (error) {
      fault(each.owner, error);
    }
  }
}

function throwLater(_owner: string, error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
