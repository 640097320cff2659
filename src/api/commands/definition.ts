import { z } from 'zod';
import type { InTurns, Work } from '../../lib/time/in-turns.js';
import type { Asker } from '../../store/asker.js';
import type { ErrorCode } from '../contract.js';
import type { DaemonView } from '../services.js';
import type { Peer, View } from '../socket/peer.js';

/** What a command is, and what it gets to see of the one who asks. */

export interface CommandContext {
  view: DaemonView;
  /** What the peer may see. */
  sees: View;
  /** Root, or the daemon's own user: may decide what the daemon does with its rights. */
  isOwner: boolean;
  /** Who asks; null: could not be found out. */
  peer: Peer | null;
  clients: number;
  /** Does in pieces what takes long, charged to the one who asks. */
  inTurns: InTurns;
  /** To the history. */
  asker: Asker;
  /** Sends events from now on. */
  follow(): void;
  /** Sends observations from now on. */
  record(): void;
  /** Sends `alert` and `status` from now on, as RunawayGuard's clients expect. */
  broadcast(): void;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export interface CommandDefinition<P extends z.ZodType = z.ZodType> {
  params: P;
  /** Answered even to a peer that is not known. */
  open: boolean;
  /** A promise is waited for; other requests of the client are answered meanwhile. */
  run(params: z.output<P>, context: CommandContext): unknown;
}

export function command<P extends z.ZodType>(definition: CommandDefinition<P>): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

/**
 * At once where it is but a little, so that answers come in the order of the questions; else piece by piece, while other
 * requests are answered.
 */
export function answered<T>(work: Work<T>, { inTurns }: CommandContext): T | Promise<T> {
  const first = work.next();
  if (first.done) return first.value;
  return inTurns(
    (function* () {
      yield first.value;
      return yield* work;
    })(),
  );
}

/** A command without params. */
export const none = z.strictObject({});

/** What concerns everybody's processes takes the right to see them all. @throws RequestError */
export function mustSeeAll({ sees }: CommandContext, what: string): void {
  if (sees.kind === 'all') return;
  throw new RequestError('denied', `${what}: only root, the user of the daemon and the group vigil may`);
}

/** The store had no answer. */
export function noHistory(): RequestError {
  return new RequestError(
    'not_ready',
    'there is no history: history.enabled is false, or it cannot be read now (vigil health), or too many ask at once',
  );
}
