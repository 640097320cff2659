import type { ErrorCode } from '../protocol.js';

/** The daemon's answer was an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** No daemon answered. The message says where it was looked for and what to do. */
export class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
  /** There is no socket with anybody behind it; else one was found, and it does not answer. */
  constructor(
    message: string,
    readonly isNowhere = false,
  ) {
    super(message);
  }
}

/** What an answer that is not as it should be makes of whoever reads it. */
export function notUnderstood(error: unknown): Error {
  if (!(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError))
    return error instanceof Error ? error : new Error(String(error));
  const message =
    'the socket answers, but not as this vigil does: is the daemon another version? (vigil health)';
  return new Error(message, { cause: error });
}
