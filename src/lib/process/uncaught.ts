/** What a process does about errors that reached nobody. */
export interface UncaughtPolicy {
  /**
   * A promise was rejected that nobody waits for: one piece of work ended early. Without it that is an exception
   * like any other.
   */
  rejected?(error: unknown): void;
  /** An exception left the code that was at work, half done. Must see to it that the process ends. */
  thrown(error: unknown): void;
}

let current: (() => void) | null = null;

/** A process has one policy: a later one takes the place of the earlier. Answers what takes it away again. */
export function onUncaught(policy: UncaughtPolicy): () => void {
  current?.();
  const rejected = policy.rejected === undefined ? null : (error: unknown) => policy.rejected?.(error);
  const thrown = (error: unknown) => policy.thrown(error);
  if (rejected !== null) process.on('unhandledRejection', rejected);
  process.on('uncaughtException', thrown);
  const off = () => {
    if (rejected !== null) process.off('unhandledRejection', rejected);
    process.off('uncaughtException', thrown);
    if (current === off) current = null;
  };
  current = off;
  return off;
}
