import { networkReason, TooLargeError } from '../../lib/net/bounded-fetch.js';
import { ModelError } from '../failure.js';

/** What `fetch` or the reading of the answer threw. */
export function transportError(error: unknown): ModelError {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof TooLargeError) {
      return new ModelError('too_large', `The model's answer is larger than ${at.max_bytes} bytes.`);
    }
    if (at instanceof SyntaxError) {
      return new ModelError('bad_answer', "The model's API did not answer in JSON: check ai.base_url.");
    }
  }
  return new ModelError('network', `The model's API cannot be reached: ${networkReason(error)}.`);
}
