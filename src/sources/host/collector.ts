import type { z } from 'zod';
import type { Figure } from '../../model/figure.js';
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

/** Fields of the host's sample. */
export type Slice = Partial<Omit<HostSample, 'boot_ms'>>;

/** Of a collector that tells of events alone. */
export type NoSlice = Record<never, never>;

/** What one collector learned: fields of its slice, and what happened since it was last asked. */
export type Part<S extends Slice = Slice> = Partial<S> & { events?: readonly MachineEvent[] };

/**
 * One source of facts, at work. `collect()` is called on the daemon's event loop and answers at once: what may have to
 * wait (a network mount, a driver, a program) works in the background and gives what it last learned.
 *
 * It returns null when it has nothing to say at present, throws NotHere when this machine lacks the thing
 * altogether, and throws anything else when it failed.
 */
export interface Collector<S extends Slice = Slice> {
  collect(context: Context): Part<S> | null;
  /** Ends what it left running in the background. */
  stop?(): Promise<void>;
  /** Something worth a line in `vigil health` although it works; null: nothing. */
  note?(): string | null;
}

/** Schemas of a slice: what the socket tells of it, and promises to others. */
export type Fields<S> = { readonly [K in keyof S]-?: z.ZodType<S[K]> };

/**
 * All that vigil knows of a collector: its file exports one, and `index.ts` lists it. The type of its slice is added to
 * `HostSample` beside it.
 */
export interface CollectorDefinition<S extends Slice = Slice> {
  /** Short and unique: its name in `vigil health`, and its switch below `[collectors]`. */
  id: string;
  /** What it tells, for the reference of the configuration. */
  describe: string;
  /** Schemas of its slice: see Fields. */
  fields: z.ZodRawShape;
  /** Its slice where nothing is known. Lists of collectors that share a slice are joined. */
  empty: S;
  /** Not asked more often than this, however short the sampling interval; its last part stands meanwhile. */
  at_least_ms?: number;
  /** What the history keeps of it. */
  figures?: readonly Figure[];
  create(): Collector<S>;
}

/** Keeps the literal `id`, and the types of the slice and its schemas. */
export function defineCollector<const Id extends string, S extends Slice, F extends Fields<S>>(
  definition: CollectorDefinition<S> & { id: Id; fields: F },
): CollectorDefinition<S> & { id: Id; fields: F } {
  return definition;
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
