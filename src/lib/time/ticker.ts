const actions = new Set<() => void>();
let timer: NodeJS.Timeout | null = null;

/**
 * Calls `action` about once a second until the returned function is called. All actions share one timer: waking
 * an idle machine costs far more than what most of them do. It does not keep the process alive.
 */
export function everySecond(action: () => void): () => void {
  // A wrapper, so that the same function may be given twice.
  const own = () => action();
  actions.add(own);
  timer ??= setInterval(() => {
    for (const each of [...actions]) each();
  }, 1_000).unref();
  return () => {
    actions.delete(own);
    if (actions.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}
