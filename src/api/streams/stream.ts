import type { z } from 'zod';
import type { Viewer } from '../../model/viewer.js';
import type { Services } from '../services.js';

/** What is sent unasked to those who asked for it once: a command names the stream that follows its answer. */
export interface Stream<N extends string = string, M = unknown> {
  readonly name: N;
  readonly description: string;
  /** Each message, as it is sent. */
  readonly message: z.ZodType<M>;
  /**
   * Calls back for each message until the returned function is called. `of`: what a viewer is sent of it; null: nothing.
   * Whoever sees the same gets the same, so it is asked once for each kind of viewer.
   */
  open(services: Services, send: (of: (viewer: Viewer) => M | null) => void): () => void;
}

export function defineStream<const N extends string, M>(stream: Stream<N, M>): Stream<N, M> {
  return stream;
}
