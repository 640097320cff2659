/** So bin/vigil names what it does about these signals until the daemon takes over. */
const EARLY = 'endBeforeStart';

/**
 * SIGINT and SIGTERM, from the daemon's first line on: the first asks it to end, whatever it is at, the second
 * does not wait for that.
 */
export class StopSignals {
  private readonly controller = new AbortController();
  private readonly heard = (signal: string) => {
    if (this.signal.aborted) process.exit(1);
    this.request(signal);
  };

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(name))
        if (listener.name === EARLY) process.off(name, listener as NodeJS.SignalsListener);
      process.on(name, this.heard);
    }
  }

  /** `reason` is the name of what asked. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** As a signal does. */
  request(why: string): void {
    this.controller.abort(why);
  }
}
