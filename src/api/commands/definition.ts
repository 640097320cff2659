import { z } from 'zod';
import type { InTurns, Work } from '../../lib/time/in-turns.js';
import type { Person } from '../../model/action.js';
import type { Viewer } from '../../model/viewer.js';
import { NotWrittenError } from '../../rules/allowlist/whitelist.js';
import type { Asker } from '../../store/asker.js';
import { RequestError } from '../protocol.js';
import type { Services } from '../services.js';
import type { Stream } from '../streams/stream.js';

/** What a command is. The socket, the typed client and docs/api.md are made from nothing but these. */

/** Who asks, however he came. */
export interface Caller {
  /** What he may see. */
  viewer: Viewer;
  /** Root, or the daemon's own user: may decide what the daemon does with its rights. */
  isOwner: boolean;
  /** Null: could not be found out. */
  person: Person | null;
  /** Connections at present, his among them. */
  clients: number;
  /** Does in pieces what takes long, charged to him. */
  inTurns: InTurns;
  /** To the history. */
  asker: Asker;
}

/** `anyone`: also whom the kernel does not name. `users`: each sees what is his. `admins`: who sees everything. */
export type Access = { who: 'anyone' } | { who: 'users' } | { who: 'admins'; refusal: string };

export const ANYONE: Access = { who: 'anyone' };
export const USERS: Access = { who: 'users' };
/** What concerns everybody takes the right to see everybody's. */
export function admins(
  because: string,
  may = 'only root, the user of the daemon and the group vigil may',
): Access {
  return { who: 'admins', refusal: `${because}: ${may}` };
}

/**
 * `quick`: in its turn, in the order of the requests. `stepwise`: the same where it is but a little, else piece by piece in
 * the turns of the one who asks. `queued`: when it is done. Other requests are answered meanwhile.
 */
export type Pace = 'quick' | 'stepwise' | 'queued';

type Paced<T extends Pace, R> = T extends 'quick' ? R : T extends 'stepwise' ? Work<R> : Promise<R>;

export interface Command<
  N extends string = string,
  P extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  T extends Pace = Pace,
  S extends Stream = Stream,
> {
  readonly name: N;
  /** One line for the reference: what it answers. */
  readonly description: string;
  readonly access: Access;
  readonly pace: T;
  readonly params: P;
  readonly result: R;
  /** What the one who asks is sent from then on. */
  readonly subscribe?: { readonly stream: S; when?(params: z.output<P>): boolean };
  run(services: Services, params: z.output<P>, caller: Caller): Paced<T, z.output<R>>;
}

export function defineCommand<
  const N extends string,
  P extends z.ZodType,
  R extends z.ZodType,
  T extends Pace,
  S extends Stream = never,
>(command: Command<N, P, R, T, S>): Command<N, P, R, T, S> {
  return command;
}

/** A command without params. */
export const none = z.strictObject({});

/** The uid that the history is asked for; null: everybody's. */
export function historyUid({ viewer }: Caller): number | null {
  return viewer.kind === 'user' ? viewer.uid : null;
}

/** The store had no answer. */
export function noHistory(): RequestError {
  return new RequestError(
    'not_ready',
    'there is no history: history.enabled is false, or it cannot be read now (vigil health), or too many ask at once',
  );
}

/** What is answered when a change is in effect and not on the disk; null: the error is another one. */
export function notWritten(error: unknown): RequestError | null {
  return error instanceof NotWrittenError ? new RequestError('not_ready', error.message) : null;
}
