import type { HostSample, MachineEvent } from '../../model/snapshot.js';

/** Where the kernel's file systems are; another place in tests. */
export interface Roots {
  /** `/proc` */
  proc: string;
  /** `/sys` */
  sys: string;
}

export interface Context {
  roots: Roots;
  /** ms since the epoch, as `time.ts` counts them. */
  now_ms: number;
}

/** What one collector knows: fields of the host's sample, and what happened since it was last asked. */
export type Part = Partial<Omit<HostSample, 'boot_ms'>> & { events?: readonly MachineEvent[] };

/**
 * One source of facts. `collect()` is called on the daemon's event loop and answers at once: what may have to
 * wait (a network mount, a driver, a program) works in the background and gives what it last learned.
 *
 * It returns null when it has nothing to say at present, throws NotHere when this machine lacks the thing
 * altogether, and throws anything else when it failed.
 */
export interface Collector {
  /** Short and unique, as `vigil health` shows it: `memory`, `gpu-nvidia`. */
  name: string;
  /** Not asked more often than this, however short the sampling interval; its last part stands meanwhile. */
  at_least_ms?: number;
  collect(context: Context): Part | null;
  /** Ends what it left running in the background. */
  stop?(): Promise<void>;
  /** Something worth a line in `vigil health` although it works; null: nothing. */
  note?(): string | null;
}

/** The machine has no such thing, which is no fault: said once, and asked again only now and then. */
export class NotHere extends Error {
  override name = 'NotHere';

  constructor(
    problem: string,
    /** What to install, enable or change so that it works; or what stands in for it. */
    readonly advice: string,
  ) {
    super(problem);
  }
}
